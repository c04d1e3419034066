/** One program of the tests as one file, beside which others may lie. */
export function bundle(entry: string, outfile: string): Promise<unknown>;
