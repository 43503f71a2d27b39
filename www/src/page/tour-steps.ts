/** The steps of the tour. */

import { capital } from "../panels/format.js";

export interface TourStep {
  /** Selector of the part of the page. */
  at: string;
  title: string;
  text: string;
}

/** Returns the steps in the data's own words. */
export function stepsOf({ user, item }: { user: string; item: string }): readonly TourStep[] {
  return [
    {
      at: ".data",
      title: "Pairs to learn from",
      text: `The data is a list of pairs: this ${user} took this ${item}. The model learns from nothing else. Choose another set, or open a file of your own.`,
    },
    {
      at: "tt-run-controls",
      title: "Training",
      text: `Press Start. For each pair, training moves the ${user}’s vector and the ${item}’s vector towards each other, and away from the ${item}s of other pairs. It all happens on this machine.`,
    },
    {
      at: "tt-run-charts",
      title: "How good is it?",
      text: `Some pairs are hidden from the model. After each epoch it recommends 20 ${item}s to every ${user}; recall is the share of a ${user}’s hidden ${item}s that are among these 20. The dashed lines show what the most popular ${item}s alone would reach.`,
    },
    {
      at: ".ask",
      title: "See the lists change",
      text: `Before training the recommendations are random. Watch them turn sensible, and choose any ${item} to see what the model puts close to it.`,
    },
    {
      at: ".see",
      title: "Look inside",
      text: `${capital(item)}s that suit the same ${user}s gather on the map. The batch shows what the loss pulls together and pushes apart, the step shows each operation of training.`,
    },
    {
      at: ".settings",
      title: "Try something else",
      text: "Change a setting and train again. OneBP, CBNS and skipping change how the model trains; the stories further down show where each one helps.",
    },
  ];
}
