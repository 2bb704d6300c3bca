"""Why a delivery did not end well, or why a person cannot be reached: one code, one remedy, whose move it is.

The codes are the same in the API, the command line, callbacks and docs/reasons.md, and never change their meaning.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple


class Mover(StrEnum):
    """Who can remove what is in the way."""

    PERSON = "person"
    CALLER = "caller"
    OPERATOR = "operator"
    TEAMS_ADMINISTRATOR = "teams_administrator"
    ENTRA_ADMINISTRATOR = "entra_administrator"
    MICROSOFT = "microsoft"


class Reason(StrEnum):
    """A stable code."""

    NEVER_SEEN = "never_seen"
    SEEN_ELSEWHERE_ONLY = "seen_elsewhere_only"
    UNINSTALLED = "uninstalled"
    NOT_INSTALLED = "not_installed"
    BLOCKED = "blocked"
    DISABLED_BY_ADMIN = "disabled_by_admin"
    NO_SUCH_PERSON = "no_such_person"
    NO_SUCH_GROUP = "no_such_group"
    SEVERAL_PEOPLE = "several_people"
    GUEST = "guest"
    ACCOUNT_DISABLED = "account_disabled"
    CONSENT_MISSING = "consent_missing"
    POLICY_FORBIDS = "policy_forbids"
    NOT_IN_CATALOGUE = "not_in_catalogue"
    NOT_OWN_APP = "not_own_app"
    INSTALL_REFUSED = "install_refused"
    INSTALL_PENDING = "install_pending"
    TENANT_NOT_ALLOWED = "tenant_not_allowed"
    NOT_PERMITTED = "not_permitted"
    MESSAGE_REJECTED = "message_rejected"
    MESSAGE_TOO_BIG = "message_too_big"
    CONVERSATION_NOT_FOUND = "conversation_not_found"
    ACTIVITY_NOT_FOUND = "activity_not_found"
    WRONG_HOST = "wrong_host"
    HOST_NOT_ALLOWED = "host_not_allowed"
    SENDER_UNKNOWN = "sender_unknown"
    BOT_NOT_REGISTERED = "bot_not_registered"
    TOKEN_REFUSED = "token_refused"
    SERVICE_ERROR = "service_error"
    PAUSED = "paused"
    RETRIES_EXHAUSTED = "retries_exhausted"
    ANSWER_LOST = "answer_lost"
    ANSWER_UNREADABLE = "answer_unreadable"
    WORKER_LOST = "worker_lost"
    AGENT_NOT_INSTALLED = "agent_not_installed"
    CHAT_ACTIVE = "chat_active"
    FLOW_WITHOUT_RESPONSE = "flow_without_response"
    FLOW_RUN_FAILED = "flow_run_failed"
    FLOW_RESULT_UNREADABLE = "flow_result_unreadable"
    FLOW_REQUEST_REFUSED = "flow_request_refused"
    FLOW_TURNED_OFF = "flow_turned_off"
    FLOW_DELETED = "flow_deleted"
    FLOW_ADDRESS_OLD = "flow_address_old"
    FLOW_SIGNATURE_REFUSED = "flow_signature_refused"
    FLOW_NOT_PERMITTED = "flow_not_permitted"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Explanation(NamedTuple):
    """The fact, what to do about it, and whose move it is."""

    fact: str
    remedy: str
    mover: Mover


EXPLANATIONS: Final[dict[Reason, Explanation]] = {
    Reason.NEVER_SEEN: Explanation(
        "The bot has never seen this person, so there is no chat to write to.",
        "Have the app installed for the person (by themselves, or by an app setup policy), then send again.",
        Mover.CALLER,
    ),
    Reason.SEEN_ELSEWHERE_ONLY: Explanation(
        "The person is known from a group or a channel only; there is no personal chat with the bot.",
        "Have the app installed for the person in personal scope, then send again.",
        Mover.PERSON,
    ),
    Reason.UNINSTALLED: Explanation(
        "The person removed the app.",
        "Have the app installed for the person again; deliveries sent with if_unreachable=wait go out then.",
        Mover.PERSON,
    ),
    Reason.NOT_INSTALLED: Explanation(
        "Teams says that the app is not installed for the person.",
        "Have the app installed for the person in personal scope, then send again.",
        Mover.PERSON,
    ),
    Reason.BLOCKED: Explanation(
        "The person blocked the bot.",
        "Only the person can undo it: by unblocking the bot in Teams and writing to it.",
        Mover.PERSON,
    ),
    Reason.DISABLED_BY_ADMIN: Explanation(
        "A Teams administrator disabled the app for the person.",
        "Ask a Teams administrator to allow the app in the app permission policies.",
        Mover.TEAMS_ADMINISTRATOR,
    ),
    Reason.NO_SUCH_PERSON: Explanation(
        "The tenant's directory knows nobody by this name.",
        "Check the spelling and the tenant; a person who was created just now may take some minutes to be found.",
        Mover.CALLER,
    ),
    Reason.NO_SUCH_GROUP: Explanation(
        "The tenant's directory knows no group by this id.",
        "Check the group's object id and the tenant.",
        Mover.CALLER,
    ),
    Reason.SEVERAL_PEOPLE: Explanation(
        "The tenant's directory knows several people by this address.",
        "Name the person by aad_object_id, or by their user principal name.",
        Mover.CALLER,
    ),
    Reason.GUEST: Explanation(
        "The person is a guest in the tenant; a bot cannot write to a guest's Teams chat.",
        "Reach the person in their home tenant, by tenant_id, if the app is there.",
        Mover.CALLER,
    ),
    Reason.ACCOUNT_DISABLED: Explanation(
        "The person's account is disabled in the tenant's directory.",
        "Have the account enabled if the person is to be written to.",
        Mover.ENTRA_ADMINISTRATOR,
    ),
    Reason.CONSENT_MISSING: Explanation(
        "Microsoft Graph refused the request: a permission is missing or has no administrator's consent.",
        "Have an administrator of the tenant consent to the application permissions in docs/people.md.",
        Mover.ENTRA_ADMINISTRATOR,
    ),
    Reason.POLICY_FORBIDS: Explanation(
        "A policy of the tenant forbids the app for the person, so it cannot be installed.",
        "Have the app allowed in the Teams admin center, for everybody or in the person's app permission policy.",
        Mover.TEAMS_ADMINISTRATOR,
    ),
    Reason.NOT_IN_CATALOGUE: Explanation(
        "The app is not in the tenant's app catalogue; an app that was only uploaded by somebody cannot be installed.",
        "Have the app package uploaded to the organisation's catalogue; check the sender's TEAMS_APP_ID setting.",
        Mover.TEAMS_ADMINISTRATOR,
    ),
    Reason.NOT_OWN_APP: Explanation(
        "The sender's registration may not manage this Teams app: its manifest names another application.",
        "Put the sender's app id into webApplicationInfo.id of the manifest and update the app in the catalogue.",
        Mover.OPERATOR,
    ),
    Reason.INSTALL_REFUSED: Explanation(
        "Microsoft Graph did not install the app for the person, and did not say why.",
        "Look at the attempt's code; check that the person has a Teams licence, then try again.",
        Mover.TEAMS_ADMINISTRATOR,
    ),
    Reason.INSTALL_PENDING: Explanation(
        "The app was installed for the person, and Teams does not let the bot write to them yet.",
        "Nothing while it is tried again; if it ended so, send again when the app shows in the person's Teams.",
        Mover.MICROSOFT,
    ),
    Reason.TENANT_NOT_ALLOWED: Explanation(
        "The person's tenant is not on this service's allow-list.",
        "Add the tenant's id to BELLWIRE_ALLOWED_TENANTS.",
        Mover.OPERATOR,
    ),
    Reason.NOT_PERMITTED: Explanation(
        "Teams refused the request for want of a permission.",
        "Check the app's permissions and the tenant's policies for this app.",
        Mover.TEAMS_ADMINISTRATOR,
    ),
    Reason.MESSAGE_REJECTED: Explanation(
        "Teams refused the message itself as malformed.",
        "Correct the text or the card, then send it as a new message.",
        Mover.CALLER,
    ),
    Reason.MESSAGE_TOO_BIG: Explanation(
        "The message is larger than Teams takes.",
        "Shorten the text or the card; 28 KB is safe everywhere.",
        Mover.CALLER,
    ),
    Reason.CONVERSATION_NOT_FOUND: Explanation(
        "Teams knows neither the stored chat nor one made anew.",
        "Have the person write to the bot in Teams once, then send again.",
        Mover.PERSON,
    ),
    Reason.ACTIVITY_NOT_FOUND: Explanation(
        "The message that was to be changed or taken back is gone.",
        "Nothing is left to do; send a new message if one is needed.",
        Mover.CALLER,
    ),
    Reason.WRONG_HOST: Explanation(
        "Teams says that the bot calls the wrong host for this tenant's cloud.",
        "Check BELLWIRE_CLOUD__NAME against the tenant's cloud.",
        Mover.OPERATOR,
    ),
    Reason.HOST_NOT_ALLOWED: Explanation(
        "The stored service URL is not on the cloud's list of hosts, so no token was sent there.",
        "Check BELLWIRE_CLOUD__NAME, or with the custom cloud BELLWIRE_CLOUD__SERVICE_HOSTS.",
        Mover.OPERATOR,
    ),
    Reason.SENDER_UNKNOWN: Explanation(
        "The delivery names a sender that is not configured any more.",
        "Configure the sender again, or send as another one.",
        Mover.OPERATOR,
    ),
    Reason.BOT_NOT_REGISTERED: Explanation(
        "Teams does not know the bot: wrong app id, or the Teams channel is off.",
        "Check the sender's app id and that the Azure Bot has its Teams channel; the queue is kept meanwhile.",
        Mover.OPERATOR,
    ),
    Reason.TOKEN_REFUSED: Explanation(
        "Teams or Entra refused the sender's credentials.",
        "Check the sender's tenant, app id and secret or certificate; the queue is kept meanwhile.",
        Mover.OPERATOR,
    ),
    Reason.SERVICE_ERROR: Explanation(
        "Teams failed with an error that must not be retried.",
        "Send again later; ask Microsoft's support with the attempt's time if it stays.",
        Mover.MICROSOFT,
    ),
    Reason.PAUSED: Explanation(
        "Requests pause: Teams or the login service asked to wait, or could not be reached.",
        "Nothing is to be done: it goes on by itself at run_at; the attempts say what was answered.",
        Mover.MICROSOFT,
    ),
    Reason.RETRIES_EXHAUSTED: Explanation(
        "Every try allowed was refused for a passing reason.",
        "Look at the attempts for the codes, then send again when Teams has recovered.",
        Mover.CALLER,
    ),
    Reason.ANSWER_LOST: Explanation(
        "The request was written and no answer came: the message may or may not be there.",
        "Ask the person or look into the chat; resend if it is better said twice than not at all.",
        Mover.CALLER,
    ),
    Reason.ANSWER_UNREADABLE: Explanation(
        "Teams answered with success, in a form that could not be read: the message may or may not be there.",
        "Ask the person or look into the chat; resend if it is better said twice than not at all.",
        Mover.CALLER,
    ),
    Reason.WORKER_LOST: Explanation(
        "The worker died while the request was under way: the message may or may not be there.",
        "Ask the person or look into the chat; resend if it is better said twice than not at all.",
        Mover.CALLER,
    ),
    Reason.AGENT_NOT_INSTALLED: Explanation(
        "The flow says that the Copilot Studio agent is not installed for the person.",
        "Share the agent with the person and have it installed; the flow is asked again an hour after it said so.",
        Mover.CALLER,
    ),
    Reason.CHAT_ACTIVE: Explanation(
        "The person was in the middle of a chat with the agent, and the flow posts into no such chat.",
        "Send again later; or choose 'Send' for an active chat in the flow's step, under its advanced options.",
        Mover.CALLER,
    ),
    Reason.FLOW_WITHOUT_RESPONSE: Explanation(
        "The flow answered 202 without a result, so it has no Response step: the message may or may not be there.",
        "Add the Response step to the flow (docs/flow-package.md), then look into the chat before sending again.",
        Mover.OPERATOR,
    ),
    Reason.FLOW_RUN_FAILED: Explanation(
        "The flow's run failed, or took too long, before its Response step: the message may or may not be there.",
        "Look at the run's history, mend the step that failed (its advanced options must not say 'fail'), then resend.",
        Mover.OPERATOR,
    ),
    Reason.FLOW_RESULT_UNREADABLE: Explanation(
        "The flow's Response step gave no status code that means anything: the message may or may not be there.",
        "Put the posting step's status code into 'code' of the Response's body, then look into the chat.",
        Mover.OPERATOR,
    ),
    Reason.FLOW_REQUEST_REFUSED: Explanation(
        "Power Automate refused the call, mostly since the trigger's schema is not the one that Bellwire follows.",
        "Compare the trigger's request body schema with docs/flow-package.md, then resend; the attempt has the code.",
        Mover.OPERATOR,
    ),
    Reason.FLOW_TURNED_OFF: Explanation(
        "The flow is turned off.",
        "Turn the flow on in Power Automate; the queue is kept meanwhile.",
        Mover.OPERATOR,
    ),
    Reason.FLOW_DELETED: Explanation(
        "There is no flow at this address: it was deleted, or saved anew under another one.",
        "Copy the address of the flow's trigger into the sender's FLOW_URL; the queue is kept meanwhile.",
        Mover.OPERATOR,
    ),
    Reason.FLOW_ADDRESS_OLD: Explanation(
        "The flow's address has the old form (*.logic.azure.com), which Power Automate has stopped serving.",
        "Copy the new address from the flow's trigger into the sender's FLOW_URL; the queue is kept meanwhile.",
        Mover.OPERATOR,
    ),
    Reason.FLOW_SIGNATURE_REFUSED: Explanation(
        "Power Automate refused the signature in the flow's address: expired, or made invalid by a new one.",
        "Copy the trigger's present address into the sender's FLOW_URL; the queue is kept meanwhile.",
        Mover.OPERATOR,
    ),
    Reason.FLOW_NOT_PERMITTED: Explanation(
        "The flow's trigger does not let this sender in.",
        "Allow the sender's service principal under 'Who can trigger the flow'; the queue is kept meanwhile.",
        Mover.OPERATOR,
    ),
    Reason.EXPIRED: Explanation(
        "The time until which the message was worth sending passed first.",
        "Send anew if it still matters; look at the attempts for what held it up.",
        Mover.CALLER,
    ),
    Reason.CANCELLED: Explanation(
        "The caller cancelled the delivery before it went out.",
        "Nothing is left to do; send anew if it was a mistake.",
        Mover.CALLER,
    ),
}
