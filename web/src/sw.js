// Keeps the shell of the console for when the network is gone. Written by hand; the build fills in the two names below.
// Data is not kept here (the page keeps its last situation itself), but for stills, whose address is their content.

const VERSION = "__VERSION__";
const FILES = "__FILES__";
const SHELL = `shell-${VERSION}`;
const STILLS = "stills";
/** Chosen: the stills of the last incidents, at most some megabytes on a phone. */
const STILLS_KEPT = 40;
/** Milliseconds before a slow network counts as none for opening the page (chosen: a guard does not wait longer). */
const PATIENCE = 3000;
/** What `route.ts` knows: a test holds the two together. */
const PAGES =
  /^\/($|incident\/|share\/|scenarios($|\/)|(drawing|cameras)($|\/)|(guard|account|admin|alerts|audit|availability|crisis|detections|health|inventory|rejects|risk|suppressions)$)/;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(SHELL).then((cache) => cache.addAll(FILES.map((file) => new Request(file, { cache: "reload" })))));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      const names = await caches.keys();
      await Promise.all(names.filter((name) => name !== SHELL && name !== STILLS).map((name) => caches.delete(name)));
      await self.clients.claim();
    })(),
  );
});

// A new version waits until a person presses the button: never in the middle of an incident.
self.addEventListener("message", (event) => {
  if (event.data === "use-new-version") self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== self.location.origin) return;
  if (request.mode === "navigate") {
    if (PAGES.test(address.pathname)) event.respondWith(page(request));
  } else if (address.pathname.startsWith("/api/stills/")) {
    event.respondWith(still(request));
  } else if (FILES.includes(address.pathname)) {
    event.respondWith(shell(request));
  }
});

/** The page from the server; the kept shell when the server is away or slow, or a proxy before it says so. */
async function page(request) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), PATIENCE);
  let answer = Response.error();
  try {
    answer = await fetch(request, { signal: stop.signal });
    if (answer.status < 502 || answer.status > 504) return answer;
    throw new Error("away");
  } catch {
    return (await caches.match("/index.html", { cacheName: SHELL, ignoreVary: true })) ?? answer;
  } finally {
    clearTimeout(timer);
  }
}

async function shell(request) {
  // A file of the shell is the same for everyone, whatever `Vary` says of the request that fetched it.
  return (await caches.match(request, { cacheName: SHELL, ignoreVary: true })) ?? fetch(request);
}

async function still(request) {
  // The server is asked each time: who sits here now may not be who saw it before, and its time may be over.
  const cache = await caches.open(STILLS);
  let answer;
  try {
    answer = await fetch(request);
  } catch {
    return (await cache.match(request, { ignoreVary: true })) ?? Response.error();
  }
  if (answer.ok) {
    await cache.put(request, answer.clone());
    const all = await cache.keys();
    await Promise.all(all.slice(0, Math.max(0, all.length - STILLS_KEPT)).map((old) => cache.delete(old)));
  } else if ([401, 403, 404].includes(answer.status)) {
    await cache.delete(request, { ignoreVary: true });
  }
  return answer;
}

// Push messages have the shape of Declarative Web Push: Safari shows them by itself, the others by what stands here.
self.addEventListener("push", (event) => event.waitUntil(show(event)));

async function show(event) {
  const { notification } = event.data.json();
  const { title, body, navigate, lang, tag, silent, data } = notification;
  // A check that a person sees on an open page need not be shown; but browsers take the right to push from those who
  // show nothing, so it always is, without a sound, and goes away by itself when read.
  await self.registration.showNotification(title, {
    body,
    lang,
    tag,
    silent,
    icon: "/icon.svg",
    badge: "/icon.svg",
    renotify: !silent,
    requireInteraction: !silent,
    vibrate: silent ? undefined : [300, 100, 300, 100, 600],
    data: { ...data, navigate },
  });
  // Safari does not replace by tag (WebKit bug 258922): older ones of the same notice are closed by hand.
  const same = (await self.registration.getNotifications({ tag })).slice(0, -1);
  for (const old of same) old.close();
  if (data.proof) await tell("/api/devices/heard", { proof: data.proof }); // a phone that could show nothing does not say that it did
  if (data.notice) await answer(data, "delivered");
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data));
});

async function open(data) {
  const address = new URL(data.navigate, self.location.origin);
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const here = windows.find((one) => new URL(one.url).pathname === address.pathname);
  if (here) {
    here.postMessage({ notice: address.searchParams.get("notice") }); // the open page shows the one that was touched
    await here.focus();
  } else await self.clients.openWindow(address.pathname + address.search);
}

/** Receipts have an id that a repeat repeats: the server takes each once. A phone without a session says nothing here. */
function answer(data, outcome) {
  const id = `push:${data.revision}:${outcome}:${data.notice}`.slice(0, 64);
  return tell(`/api/notices/${encodeURIComponent(data.notice)}/answer`, { answer: outcome, id, revision: Number(data.revision) });
}

async function tell(path, body) {
  const headers = { "Content-Type": "application/json", "X-Safecare": "1" };
  try {
    await fetch(path, { method: "POST", headers, body: JSON.stringify(body), credentials: "same-origin" });
  } catch {
    // No network for the way back: the notice is shown all the same; the page tells that it was read.
  }
}
