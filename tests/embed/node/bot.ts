import { AgentApplication, CloudAdapter, MemoryStorage, TurnState, authorizeJWT, loadAuthConfigFromEnv } from "@microsoft/agents-hosting";
import { Activity } from "@microsoft/agents-activity";
import express from "express";

const auth = loadAuthConfigFromEnv();
const adapter = new CloudAdapter(auth);
const bot = new AgentApplication<TurnState>({ adapter, storage: new MemoryStorage() });

bot.onActivity("message", async (context) => {
  await context.sendActivity(`You said: ${context.activity.text}`);
});

bot.onActivity("invoke", async (context) => {
  const body = { statusCode: 200, type: "application/vnd.microsoft.activity.message", value: "Done" };
  await context.sendActivity(Activity.fromObject({ type: "invokeResponse", value: { status: 200, body } }));
});

const server = express();
server.use(express.json());
server.use(authorizeJWT(auth));
server.post("/api/messages", async (req, res) => {
  await adapter.process(req, res, (context) => bot.run(context));
});
server.listen(Number(process.env.PORT ?? 3978), "127.0.0.1");
