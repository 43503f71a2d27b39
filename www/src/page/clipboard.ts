/** Copies a text. Returns a sentence on the outcome. */
export async function copy(text: string): Promise<string> {
  try {
    await navigator.clipboard.writeText(text);
    return "Copied.";
  } catch {
    return `This browser does not let the page copy. Copy it by hand: ${text}`;
  }
}
