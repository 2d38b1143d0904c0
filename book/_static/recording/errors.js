/** What is wrong with a file: one sentence, to be shown as it is. */
export class DataError extends Error {}

export const thousands = (n) => n.toLocaleString("en-US");
