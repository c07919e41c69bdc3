/** Takes the mail that the product sends, as every recipient's mailbox, and lets the tests read it. */
import { mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { expect } from "@playwright/test";

const folder = process.env.E2E_MAIL ?? "";

/** As much of RFC 5321 as a sender needs that has one mail at a time. */
function serve(socket: Socket, keep: (mail: string) => void): void {
  let rest = "";
  let mail: string[] | undefined;
  const say = (line: string): unknown => socket.write(`${line}\r\n`);
  const hear = (line: string): unknown => {
    if (mail) {
      if (line !== ".") return mail.push(line.startsWith(".") ? line.slice(1) : line);
      keep(mail.join("\r\n"));
      mail = undefined;
      return say("250 taken");
    }
    const verb = line.slice(0, 4).toUpperCase();
    if (verb === "QUIT") return socket.end("221 bye\r\n");
    if (verb === "DATA") mail = [];
    return say(verb === "DATA" ? "354 go on" : "250 yes");
  };
  socket.setEncoding("utf8");
  socket.on("error", () => socket.destroy());
  socket.on("data", (part: string) => {
    const lines = (rest + part).split("\r\n");
    rest = lines.pop() ?? "";
    for (const line of lines) hear(line);
  });
  say("220 mailbox");
}

/** Runs for as long as the tests do. */
export default async function mailbox(): Promise<() => void> {
  mkdirSync(folder, { recursive: true });
  let count = 0;
  const keep = (mail: string): void => {
    count += 1;
    const name = join(folder, String(count).padStart(6, "0"));
    writeFileSync(`${name}.part`, mail);
    renameSync(`${name}.part`, `${name}.eml`);
  };
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    serve(socket, keep);
  });
  await new Promise<void>((ready) => server.listen(Number(process.env.E2E_MAIL_PORT), "127.0.0.1", ready));
  return () => {
    for (const socket of open) socket.destroy();
    server.close();
  };
}

/** The words of a mail, whichever way its parts are written (RFC 2045, section 6). */
function words(mail: string): string {
  const plain = (part: string): string => {
    const [head, ...body] = part.split("\r\n\r\n");
    const text = body.join("\r\n\r\n");
    if (/^content-transfer-encoding:\s*base64/im.test(head ?? "")) return Buffer.from(text, "base64").toString();
    if (!/^content-transfer-encoding:\s*quoted-printable/im.test(head ?? "")) return text;
    const bytes = text.replaceAll("=\r\n", "").replace(/=([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
    return Buffer.from(bytes, "latin1").toString();
  };
  const edge = /boundary="([^"]+)"/.exec(mail)?.[1];
  return (edge === undefined ? [mail] : mail.split(`--${edge}`)).map(plain).join("\n");
}

/** Waits for a mail to this address with a link of this kind, and gives the link's path. */
export async function linkMailedTo(address: string, kind: RegExp): Promise<string> {
  let found: string | undefined;
  const look = (): boolean => {
    for (const name of readdirSync(folder).filter((one) => one.endsWith(".eml")).sort()) {
      const mail = readFileSync(join(folder, name), "utf8");
      const head = mail.slice(0, mail.indexOf("\r\n\r\n"));
      if (!head.toLowerCase().includes(address.toLowerCase())) continue;
      const link = (words(mail).match(/https?:\/\/[^\s"<>]+/g) ?? []).find((one) => kind.test(one));
      if (link === undefined) continue;
      const { pathname, search } = new URL(link.replaceAll("&amp;", "&"));
      found = pathname + search;
    }
    return found !== undefined;
  };
  await expect.poll(look, { message: `a mail to ${address} with ${kind}`, timeout: 40_000 }).toBe(true);
  return found ?? "";
}
