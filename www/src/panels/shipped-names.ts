/** Names of the files of a data set that ships with the package, by their parts. */
export const NAMES = { train: "train.csv.gz", test: "test.csv.gz", items: "items.csv", licence: "LICENSE.txt" } as const;
