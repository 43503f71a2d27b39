/** The words of the field that the pages use, for someone who meets them for the first time. */

import type { Term } from "./terms.js";

export interface Word {
  name: string;
  /** Its meaning, in two sentences at most. */
  means: string;
}

export const GLOSSARY: Readonly<Record<Term, Word>> = {
  "two-tower": {
    name: "Two-tower model",
    means: "Two functions, one for users and one for items. Each turns its input into a vector; the model recommends the items whose vectors fit the user’s vector best.",
  },
  embedding: {
    name: "Embedding",
    means: "The vector that stands for a user or an item: a list of numbers that training changes. Similar items get vectors that point in similar directions.",
  },
  negative: {
    name: "Negative",
    means: "An item from which training pushes a pair’s user away. In a batch, the items of the other pairs serve as negatives.",
  },
  softmax: {
    name: "Softmax",
    means: "Turns scores into shares that add up to 100 %. The loss is small when the right item has nearly all of them.",
  },
  temperature: {
    name: "Temperature τ",
    means: "Scores are divided by it before the softmax. With a low temperature only the closest negatives count, with a high one all count about equally.",
  },
  recall: {
    name: "Recall at 20",
    means: "The share of a user’s hidden items that are among the 20 recommended ones, as the mean over all users. 1 is perfect.",
  },
  ndcg: {
    name: "NDCG at 20",
    means: "Like recall, but an item counts more if it is higher in the list. 1 means that the hidden items come first.",
  },
  popularity: {
    name: "Popularity",
    means: "The simplest recommender: everyone gets the most popular items. A model has to be better than that.",
  },
  coverage: {
    name: "Coverage at 20",
    means: "The share of the catalogue that is recommended to at least one user. A low value means that a few popular items fill all lists.",
  },
  epoch: {
    name: "Epoch",
    means: "One pass over all training pairs. After each, the model is measured on pairs that it has not seen.",
  },
  loss: {
    name: "Loss",
    means: "How surprised the model is by the true item of a pair, on average. Training makes it smaller.",
  },
};
