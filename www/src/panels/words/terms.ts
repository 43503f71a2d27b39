/** The words that the glossary explains, in the order in which a reader meets them. */

export const TERMS = [
  "two-tower",
  "embedding",
  "epoch",
  "loss",
  "softmax",
  "negative",
  "temperature",
  "recall",
  "ndcg",
  "popularity",
  "coverage",
] as const;

export type Term = (typeof TERMS)[number];

/** The term that a label begins with, if it has one: `recall@20` is about `recall`, `Negatives` about `negative`. */
export function termOf(label: string): Term | undefined {
  const stem = /^[a-z-]+/.exec(label.toLowerCase())?.[0];
  return TERMS.find((term) => term === stem || `${term}s` === stem);
}
