import { post } from "./api";
import { decode64, encode64 } from "./bytes";

interface Options {
  challenge: string;
  user: { id: string; name: string; displayName: string };
  excludeCredentials: { type: "public-key"; id: string }[];
}

/** True where this page may use passkeys: the browser knows them, and the address is safe. */
export const canUsePasskeys = (): boolean => isSecureContext && "PublicKeyCredential" in globalThis;

/** Make a passkey on this device and register it. Throws `ApiError`, or `DOMException` when the person says no. */
export async function addPasskey(): Promise<void> {
  const begun = await post<{ ceremony: string; options: Options }>("/api/passkeys/begin", {});
  if (!begun) return;
  const { challenge, user, excludeCredentials } = begun.options;
  const publicKey = {
    ...begun.options,
    challenge: decode64(challenge),
    user: { ...user, id: decode64(user.id) },
    excludeCredentials: excludeCredentials.map((one) => ({ ...one, id: decode64(one.id) })),
  } as unknown as PublicKeyCredentialCreationOptions;
  const made = (await navigator.credentials.create({ publicKey })) as PublicKeyCredential;
  const response = made.response as AuthenticatorAttestationResponse;
  const credential = {
    id: made.id,
    rawId: made.id,
    type: made.type,
    response: { clientDataJSON: encode64(response.clientDataJSON), attestationObject: encode64(response.attestationObject) },
    clientExtensionResults: {},
  };
  await post("/api/passkeys", { ceremony: begun.ceremony, credential, name: deviceName() });
}

/** Return a name by which a person knows a device again: its browser and system, from what the browser calls itself. */
export function deviceName(agent = navigator.userAgent): string {
  const system = ["iPhone", "iPad", "Android", "Windows", "Macintosh", "Linux"].find((one) => agent.includes(one)) ?? "";
  const browser = ["Edg", "Firefox", "Chrome", "Safari"].find((one) => agent.includes(one)) ?? "";
  return [browser === "Edg" ? "Edge" : browser, system === "Macintosh" ? "Mac" : system].filter(Boolean).join(", ");
}
