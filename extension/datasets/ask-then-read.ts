/**
 * @file Several folders at once: every question first, one after the other, then the reading, which may take minutes. A
 * question that comes minutes later lands on whatever the person does then. No VS Code here.
 */
export interface Steps<Folder, Looked> {
  /** Begun for all at once; what it finds is asked about. */
  look(folder: Folder): Promise<Looked>;
  /** Gives back what is still to be done. */
  ask(folder: Folder, looked: Promise<Looked>): Promise<(() => Promise<void>) | undefined | void>;
  /** The other folders go on. */
  onFault(error: unknown): void;
}

export async function askThenRead<Folder, Looked>(
  folders: readonly Folder[],
  { look, ask, onFault }: Steps<Folder, Looked>,
): Promise<void> {
  const all = folders.map((folder) => {
    const looked = look(folder);
    // Whoever asks hears of its fault; until then it is not one that nobody heard of.
    looked.catch(() => {});
    return { folder, looked };
  });
  const readings: (() => Promise<void>)[] = [];
  for (const { folder, looked } of all) {
    try {
      const reading = await ask(folder, looked);
      if (reading) readings.push(reading);
    } catch (error) {
      onFault(error);
    }
  }
  for (const reading of readings) await reading().catch(onFault);
}
