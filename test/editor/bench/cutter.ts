/** @file A line that is cut again and again: a TCP relay that ends a connection after a random number of pieces. */
import { connect, createServer, type Socket } from 'node:net';

export interface Cutter {
  port: number;
  cuts(): number;
  /** Until then the line holds. */
  begin(): void;
  stop(): void;
}

/** Relays to `port`; each connection lives for 1 to `most` pieces from the sidecar, until `limit` cuts are made. */
export async function startCutter(port: number, limit: number, most: number, random: () => number): Promise<Cutter> {
  let cuts = 0;
  let begun = false;
  const open = new Set<Socket>();
  const own = () => (server.address() as { port: number }).port;
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    let left = 1 + Math.floor(random() * most);
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        open.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    let greeted = false;
    client.on('data', (data) => {
      if (greeted) upstream.write(data);
      // The sidecar answers to its own address alone.
      else upstream.write(data.toString('latin1').replaceAll(`:${own()}`, `:${port}`), 'latin1');
      greeted = true;
    });
    upstream.on('data', (data) => {
      if (begun && cuts < limit && left-- <= 0) {
        cuts++;
        // Half of what was on its way arrives: a cut falls into the middle of a frame.
        client.write(data.subarray(0, data.length >> 1), () => client.destroy());
      } else client.write(data);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: own(),
    cuts: () => cuts,
    begin() {
      begun = true;
    },
    stop() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
