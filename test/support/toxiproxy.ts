/** toxiproxy before a server: a slow, stalling or breaking network, byte for byte. */
import { freePorts } from './ports.ts';
import { startProcess } from './server-process.ts';

/** What it does to each connection. Times in milliseconds. */
export type Toxic =
  | { type: 'latency'; attributes: { latency: number; jitter?: number } }
  /** KB in a second. */
  | { type: 'bandwidth'; attributes: { rate: number } }
  /** Nothing passes; ends the connection after so long, or with 0 never. */
  | { type: 'timeout'; attributes: { timeout: number } }
  /** A reset after so long. */
  | { type: 'reset_peer'; attributes: { timeout: number } }
  /** The connection ends after so many bytes. */
  | { type: 'limit_data'; attributes: { bytes: number } };

export type Toxiproxy = {
  /** In place of the server's own, http or https as that. */
  endpoint: string;
  /**
   * Adds a toxic to what is sent (`upstream`) or to what is answered (`downstream`), also on connections that are
   * open. Disposing takes it away, which ends all of them.
   */
  add(stream: 'upstream' | 'downstream', toxic: Toxic): Promise<AsyncDisposable>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** `program` is its path; `endpoint` what it stands before, `http://127.0.0.1:<port>` or `https://…`. */
export const startToxiproxy = async (program: string, endpoint: string): Promise<Toxiproxy> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(program, new URL(endpoint));
    } catch (error) {
      // Somebody took the port in between.
      if (attempt === 5 || !String(error).includes('address already in use')) throw error;
    }
  }
};

const start = async (program: string, { protocol, host }: URL): Promise<Toxiproxy> => {
  const [port] = await freePorts(1);
  const api = `http://127.0.0.1:${port}`;
  const process = await startProcess({
    name: 'toxiproxy',
    program,
    args: ['-host', '127.0.0.1', '-port', String(port)],
    ready: async () => (await ask(api, 'GET', '/version')) !== '',
  });
  const dispose = () => process[Symbol.asyncDispose]();
  try {
    const toxics = new Set<object>();
    let count = 0;
    const create = async (listen: string): Promise<string> => {
      const proxy = { name: 's3', listen, upstream: host, enabled: true };
      const made = JSON.parse(await ask(api, 'POST', '/proxies', proxy));
      for (const toxic of toxics) await ask(api, 'POST', '/proxies/s3/toxics', toxic);
      return made.listen;
    };
    const listen = await create('127.0.0.1:0');
    return {
      endpoint: `${protocol}//${listen}`,
      add: async (stream, toxic) => {
        const added = { name: `${toxic.type}-${count++}`, stream, ...toxic };
        await ask(api, 'POST', '/proxies/s3/toxics', added);
        toxics.add(added);
        return {
          // Its own removal of a toxic waits for ever for a connection whose client has gone; that of a proxy does not.
          [Symbol.asyncDispose]: async () => {
            toxics.delete(added);
            await ask(api, 'DELETE', '/proxies/s3');
            await create(listen);
          },
        };
      },
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
};

const ask = async (api: string, method: string, path: string, body?: object): Promise<string> => {
  const signal = AbortSignal.timeout(10_000);
  const answer = await fetch(`${api}${path}`, { method, signal, body: body && JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`toxiproxy says ${answer.status} to ${method} ${path}: ${text}`);
  return text;
};
