/** The control API, and everything that happens as it happens. */
export async function get(path) {
  const answer = await fetch(`/control/${path}`);
  if (!answer.ok) throw new Error((await answer.json()).error);
  return answer.json();
}

export async function post(path, body = {}) {
  const options = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(`/control/${path}`, options);
  const document = await answer.json();
  if (!answer.ok) throw new Error(document.error);
  return document;
}

const KINDS = ["accepted", "updated", "deleted", "refused", "opened", "delivered", "person", "fault", "reset"];

/** Calls `heard` for every event, and `live` when the stream comes and goes. */
export function listen(heard, live) {
  const source = new EventSource("/control/events");
  source.onopen = () => live(true);
  source.onerror = () => live(false);
  for (const kind of KINDS) source.addEventListener(kind, (event) => heard(JSON.parse(event.data)));
}

/** Runs `work` soon, once for many calls, and never twice at the same time. */
export function soon(work, delay = 60) {
  let waiting = false;
  let running = false;
  let again = false;
  const run = async () => {
    waiting = false;
    if (running) {
      again = true;
      return;
    }
    running = true;
    try {
      await work();
    } finally {
      running = false;
      if (again) {
        again = false;
        call();
      }
    }
  };
  const call = () => {
    if (waiting) return;
    waiting = true;
    setTimeout(run, delay);
  };
  return call;
}
