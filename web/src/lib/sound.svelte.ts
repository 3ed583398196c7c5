/** Sound and vibration. Browsers allow sound only after a tap; the page says so until then. */
class Sound {
  allowed = $state(false);
  private context: AudioContext | undefined;

  /** To be called from a tap or key press. */
  async allow(): Promise<void> {
    this.context ??= new AudioContext();
    await this.context.resume();
    this.allowed = this.context.state === "running";
    if (this.allowed) this.tone([660], 0.08);
  }

  /** The ring of a notice: two tones, three times, and vibration. */
  ring(): void {
    this.tone([880, 660, 880, 660, 880, 660], 0.18);
    if ("vibrate" in navigator) navigator.vibrate([300, 120, 300, 120, 300]);
  }

  /** A new critical incident on the board: one short rise. */
  chime(): void {
    this.tone([523, 784], 0.16);
  }

  private tone(pitches: number[], length: number): void {
    const context = this.context;
    if (!context || context.state !== "running") return;
    pitches.forEach((pitch, index) => {
      const start = context.currentTime + index * length;
      const gain = context.createGain();
      gain.gain.setValueAtTime(0, start);
      gain.gain.linearRampToValueAtTime(0.25, start + 0.02);
      gain.gain.linearRampToValueAtTime(0, start + length);
      gain.connect(context.destination);
      const oscillator = context.createOscillator();
      oscillator.frequency.value = pitch;
      oscillator.connect(gain);
      oscillator.start(start);
      oscillator.stop(start + length);
    });
  }
}

export const sound = new Sound();
