import { post } from "./api";
import { decode64, encode64 } from "./bytes";
import { deviceName } from "./passkey";
import { Resource } from "./resource.svelte";
import type { Device } from "./people";

/** Why this browser can't take push messages; empty when it can. */
export type Obstacle = "" | "server" | "browser" | "home-screen" | "denied" | "unsafe";

/** Push messages on this device: whether they come, and turning them on. */
class Push {
  readonly devices = new Resource<{ key: string; devices: Device[] }>("/api/devices", { every: 10_000 });
  /** True once this browser holds a subscription. */
  on = $state(false);

  async start(): Promise<void> {
    if (!("serviceWorker" in navigator) || !("PushManager" in globalThis)) return;
    const registration = await navigator.serviceWorker.getRegistration();
    this.on = Boolean(await registration?.pushManager.getSubscription());
  }

  obstacle(): Obstacle {
    if (this.devices.value && !this.devices.value.key) return "server";
    if (!isSecureContext) return "unsafe";
    if (!("PushManager" in globalThis)) {
      // On an iPhone, a page gets push messages only from the home screen (iOS 16.4).
      return /iPhone|iPad/.test(navigator.userAgent) && !matchMedia("(display-mode: standalone)").matches ? "home-screen" : "browser";
    }
    return Notification.permission === "denied" ? "denied" : "";
  }

  /** Ask the person, subscribe, and register. Must be called from a press. Throws what the browser throws. */
  async turnOn(): Promise<void> {
    const key = this.devices.value?.key;
    if (!key || (await Notification.requestPermission()) !== "granted") return;
    const registration = await navigator.serviceWorker.ready;
    const made = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: decode64(key) });
    const body = { endpoint: made.endpoint, key: encode64(made.getKey("p256dh")), auth: encode64(made.getKey("auth")), name: deviceName() };
    await post("/api/devices", body);
    this.on = true;
    await this.devices.read();
  }

  async turnOff(id: string): Promise<void> {
    await post(`/api/devices/${encodeURIComponent(id)}/remove`);
    await this.devices.read();
    if (this.devices.value?.devices.length) return;
    const registration = await navigator.serviceWorker.getRegistration();
    await (await registration?.pushManager.getSubscription())?.unsubscribe();
    this.on = false;
  }
}

export const push = new Push();
