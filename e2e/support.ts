/** What the tests share: the desk's side of the conversation, over the API. */

const base = process.env.E2E_BASE ?? "";
const key = process.env.E2E_KEY ?? "";

export async function api<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(base + path, {
    method,
    headers: { "X-API-Key": key, "Content-Type": "application/json" },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const answer = (await response.json()) as { success: boolean; data: T; message?: string };
  if (!answer.success) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
  return answer.data;
}

export interface Ticket {
  id: string;
  ticketNumber: string;
  status: string;
}

export async function newTicket(changes: Record<string, unknown> = {}): Promise<Ticket> {
  return api<Ticket>("POST", "/api/support/tickets", {
    subject: "Payment failed",
    description: "My card was charged twice for booking 4711.",
    customerName: "Ирина Соколова",
    customerEmail: "irina@example.com",
    category: "billing",
    ...changes,
  });
}

/** The path of the page that the customer's link opens. */
export async function linkTo(ticket: { id: string } | string): Promise<string> {
  const id = typeof ticket === "string" ? ticket : ticket.id;
  const link = await api<{ url: string }>("POST", `/api/support/tickets/${id}/access-link`);
  return new URL(link.url).pathname;
}

export async function answer(ticket: string, message: string, more: Record<string, unknown> = {}): Promise<void> {
  await api("POST", `/api/support/tickets/${ticket}/messages`, { message, senderName: "Анна Лебедева", ...more });
}

export async function setStatus(ticket: string, status: string): Promise<void> {
  await api("PATCH", `/api/support/tickets/${ticket}`, { status });
}
