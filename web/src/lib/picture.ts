/** Photos and voice notes as they are sent: small, in base 64, so that they wait with the other acts when there is no network. */

/** Longest side in pixels, and quality: a door lock is readable, and a phone on a bad network sends it (about 200 kB). */
const SIDE = 1280;
const QUALITY = 0.72;
/** Longest voice note in milliseconds. */
export const LONGEST = 60_000;

/** Return `file` as a small JPEG in base 64: drawn anew, so that nothing but the picture is in it. Throws for no picture. */
export async function smallPhoto(file: Blob): Promise<string> {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, SIDE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
  if (!blob) throw new Error("no picture");
  return base64(blob);
}

/** Return `blob` in base 64. */
export async function base64(blob: Blob): Promise<string> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = "";
  for (let start = 0; start < bytes.length; start += 0x8000) text += String.fromCharCode(...bytes.subarray(start, start + 0x8000));
  return btoa(text);
}
