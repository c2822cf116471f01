// The API of the server: fetches, streams of lines, the token, and whether the server answers.

let token = document.querySelector('meta[name="tailrace-token"]').content;
export const server = { info: null, up: true };
const listeners = new Set();

// onServer is told when the server goes, comes back, or is another than before.
export function onServer(f) { listeners.add(f); }
const tell = () => listeners.forEach((f) => f(server));

export class ApiError extends Error {
  constructor(status, body) {
    super(body?.message || `HTTP ${status}`);
    this.status = status;
    Object.assign(this, body);
  }
}

// Unreachable says that there was no answer at all.
export class Unreachable extends Error {}

async function ask(method, path, body, signal) {
  const headers = { "X-Tailrace-Token": token };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  try {
    return await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), signal });
  } catch (e) {
    if (e.name === "AbortError") throw e;
    lost();
    throw new Unreachable("the server does not answer");
  }
}

async function failure(response) {
  let body = null;
  try { body = await response.json(); } catch { /* no JSON: the status says enough */ }
  return new ApiError(response.status, body);
}

async function request(method, path, body, signal) {
  let response = await ask(method, path, body, signal);
  if (response.status === 403) {
    const e = await failure(response);
    if (e.reason !== "token") throw e;
    await session(); // the server has started anew: the token is another
    response = await ask(method, path, body, signal);
  }
  if (!response.ok) throw await failure(response);
  return response;
}

export async function get(path, params, signal) {
  const q = new URLSearchParams();
  for (const [k, v] of Object.entries(params || {})) if (v !== undefined && v !== null && v !== "") q.set(k, v);
  const text = q.toString();
  return (await request("GET", text ? `${path}?${text}` : path, undefined, signal)).json();
}
export const post = async (path, body, signal) => (await request("POST", path, body, signal)).json();
export const del = async (path, signal) => (await request("DELETE", path, undefined, signal)).json();
export const patch = async (path, body, signal) => (await request("PATCH", path, body, signal)).json();

// lines calls each for every line of an answer that streams, until it ends.
export async function lines(method, path, body, signal, each) {
  const response = await request(method, path, body, signal);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      const parts = (rest + value).split("\n");
      rest = parts.pop();
      for (const p of parts) if (p) each(JSON.parse(p));
    }
  } catch (e) {
    if (signal?.aborted) return;
    lost();
    throw new Unreachable("the server has gone while it answered");
  }
}

export async function session() {
  const r = await ask("GET", "/api/session");
  if (!r.ok) throw await failure(r);
  const info = await r.json();
  server.info = info;
  token = info.token;
  return info;
}

let waiting = null;
function lost() {
  if (waiting) return;
  server.up = false;
  tell();
  const again = async () => {
    try {
      const r = await fetch("/api/session");
      if (!r.ok) throw new Error(String(r.status));
      const info = await r.json();
      server.info = info;
      token = info.token;
      server.up = true;
      waiting = null;
      tell();
    } catch {
      waiting = setTimeout(again, 1000);
    }
  };
  waiting = setTimeout(again, 500);
}

export const enc = encodeURIComponent;
