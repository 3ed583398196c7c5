/** Put `args` at the {places} of `sentence`. */
export function fill(sentence: string, args: Record<string, string | number>): string {
  return sentence.replace(/\{(\w+)\}/g, (place, name: string) => String(args[name] ?? place));
}
