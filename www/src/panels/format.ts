/** Formats of numbers and words for readers. */

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const digits = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

/** Formats 265109 as `265,109`. */
export function count(value: number): string {
  return whole.format(value);
}

/** Formats 1834211 as `1.83M`. */
export function rate(value: number): string {
  return compact.format(value);
}

/** Formats 8134000000 as `8.13 G`, or with its unit as `8.13 GB`. */
export function scaled(value: number, unit = ""): string {
  const rounded = Number(value.toPrecision(3));
  const thousands = Math.min(PREFIXES.length - 1, Math.max(0, Math.floor(Math.log10(rounded) / 3)));
  return `${digits.format(rounded / 1000 ** thousands)} ${PREFIXES[thousands] ?? ""}${unit}`.trimEnd();
}

const PREFIXES = ["", "k", "M", "G", "T", "P"];

/** Formats a metric or a loss with three digits after the point. */
export function share(value: number | undefined): string {
  return value === undefined ? "–" : value.toFixed(3);
}

/** Formats 75.2 as `1 min 15 s`. */
export function duration(seconds: number | null): string {
  if (seconds === null) return "–";
  const total = Math.ceil(seconds);
  if (total < 60) return `${whole.format(total)} s`;
  if (total < 3600) return `${whole.format(Math.floor(total / 60))} min ${whole.format(total % 60)} s`;
  return `${whole.format(Math.floor(total / 3600))} h ${whole.format(Math.floor((total % 3600) / 60))} min`;
}

/** Formats measured time: 0.72 as `0.7 s`, 75.2 as `1 min 15 s`. */
export function elapsed(seconds: number): string {
  return seconds < 59.95 ? `${seconds.toFixed(1)} s` : duration(Math.round(seconds));
}

/** Formats 18.3421 as `18.3 ms`: three digits, at most to the microsecond. A shorter time is `<0.001 ms`. */
export function milliseconds(time: number): string {
  if (time > 0 && time < 0.001) return "<0.001 ms";
  return `${digits.format(Number(time.toFixed(3)))} ms`;
}

/** Returns a noun with its article: `a book`, `an item`. Nouns that begin with u, such as `user`, get `a`. */
export function indefinite(noun: string): string {
  return `${/^[aeio]/i.test(noun) ? "an" : "a"} ${noun}`;
}

/** Returns a number with its noun: `1 line`, `2 lines`. */
export function plural(n: number, noun: string): string {
  return `${count(n)} ${noun}${n === 1 ? "" : "s"}`;
}

/** Capitalizes a word: `balanced` becomes `Balanced`. */
export function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** Returns a message with a capital letter, unless it begins with a name, such as that of a file. */
export function sentence(message: string): string {
  return message.replace(/^[a-z](?=[a-z]*[ ,])/, (letter) => letter.toUpperCase());
}
