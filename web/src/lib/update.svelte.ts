/** The service worker: registered once; says when a new version waits for the person's word. */
class Update {
  ready = $state(false);
  private waiting: ServiceWorker | null = null;

  async start(): Promise<void> {
    if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
    const known = navigator.serviceWorker.controller !== null;
    try {
      const registration = await navigator.serviceWorker.register("/sw.js");
      if (registration.waiting && known) this.offer(registration.waiting);
      registration.addEventListener("updatefound", () => {
        const fresh = registration.installing;
        fresh?.addEventListener("statechange", () => {
          if (fresh.state === "installed" && navigator.serviceWorker.controller) this.offer(fresh);
        });
      });
    } catch (problem) {
      console.warn("this page will not open without a network:", problem);
    }
  }

  use(): void {
    navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
    this.waiting?.postMessage("use-new-version");
  }

  private offer(worker: ServiceWorker): void {
    this.waiting = worker;
    this.ready = true;
  }
}

export const update = new Update();
