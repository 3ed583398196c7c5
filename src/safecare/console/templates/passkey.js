// Signing in with a passkey, on the plain page. Without this script, or without passkeys, the form for codes is there.
(() => {
  const place = document.getElementById("passkey");
  const failed = document.currentScript.dataset.failed;
  if (!place || !globalThis.PublicKeyCredential) return;
  place.hidden = false;

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  async function post(path, body) {
    const headers = { "Content-Type": "application/json", "X-Safecare": "1" };
    const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body), credentials: "same-origin" });
    if (!answer.ok) throw new Error(((await answer.json().catch(() => ({}))).detail) || failed);
    return answer.json();
  }

  async function signIn() {
    const { ceremony, options } = await post("/api/sign-in/begin", {});
    const publicKey = { ...options, challenge: bytes(options.challenge) };
    const found = await navigator.credentials.get({ publicKey });
    const response = {
      clientDataJSON: text(found.response.clientDataJSON),
      authenticatorData: text(found.response.authenticatorData),
      signature: text(found.response.signature),
      ...(found.response.userHandle ? { userHandle: text(found.response.userHandle) } : {}),
    };
    const credential = { id: found.id, rawId: found.id, type: found.type, response, clientExtensionResults: {} };
    const { role } = await post("/api/sign-in", { ceremony, credential });
    const nowhere = location.pathname === "/" || location.pathname.startsWith("/sign-in");
    location.assign(nowhere ? (role === "guard" ? "/guard" : "/") : location.pathname);
  }

  place.querySelector("button").addEventListener("click", () =>
    signIn().catch((problem) => {
      place.querySelector("[role=alert]").textContent = problem.name === "NotAllowedError" ? failed : problem.message || failed;
    }),
  );
})();
