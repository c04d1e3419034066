/** @file What the sidecar answers to each request: parameters checked, then done here or handed to a worker. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import * as z from 'zod';
import { devices } from '../config/schema.ts';
import { UserError } from '../errors.ts';
import { isReallyInside } from '../inside.ts';
import { exportForms } from '../protocol/forms.ts';
import { PROTOCOL, type Requests, type Welcome } from '../protocol/messages.ts';
import { runFiles, runsFolder } from '../runs/run.ts';
import { VERSION } from '../version.ts';
import { startJob } from './job-host.ts';
import type { JobName } from './jobs.ts';
import {
  detectDatasetParams,
  downloadModelParams,
  inspectDatasetParams,
  inspectModelParams,
  previewParams,
  publishParams,
} from './requests/params.ts';
import type { Runner } from './runner.ts';
import type { Session } from './session.ts';

export interface House {
  workspace: string;
  runner: Runner;
  token: string;
  clients(): number;
  shutdown(): void;
  /** A client of another version has come; says when the sidecar ends. */
  giveWayTo(version: string): Welcome['stepsDown'];
}

type Handler<M extends keyof Requests> = (
  params: Requests[M]['params'],
  house: House,
  session: Session,
  signal: AbortSignal,
) => Promise<Requests[M]['result']> | Requests[M]['result'];

type Methods = { [M in keyof Requests]: { params: z.ZodType; answer: Handler<M> } };

const nothing = z.strictObject({});
const word = z.string().max(100);
const path = z
  .string()
  .min(1)
  .max(4096)
  .refine((text) => isAbsolute(text) && !text.includes('\0'), 'must be absolute');
/** A run's id is one folder's name: never a path. */
const runId = z
  .string()
  .min(1)
  .max(255)
  .refine((id) => !/[/\\\0]/.test(id) && !id.startsWith('.'), 'must be a run');
const overrides = z.array(z.string().max(1000)).max(100).optional();
const device = z.enum(devices).optional();
const log = z.enum(['log', 'utilisation']);

/** The file that a log's name stands for. */
export const logFiles = { log: runFiles.log, utilisation: runFiles.utilisation } as const;

export const sameToken = (a: string, b: string) => {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
};

export const methods: Methods = {
  authenticate: {
    params: z.object({
      token: z.string().max(1000),
      protocol: z.number(),
      client: z.string().max(200),
      version: z.string().max(100).optional(),
    }),
    answer: ({ token, protocol, version }, house, session) => {
      if (!sameToken(token, house.token)) return session.refuse();
      const stepsDown = version === undefined || version === VERSION ? undefined : house.giveWayTo(version);
      if (protocol !== PROTOCOL)
        throw new UserError({
          code: 'serve.protocol',
          tried: 'connect to the sidecar',
          why: `it speaks version ${PROTOCOL} of the protocol and this window version ${protocol}.`,
          cure: stepsDown
            ? 'It ends by itself when no run is at work: try again then.'
            : 'Restart the sidecar when its run has ended.',
        });
      session.admit();
      const { workspace } = house;
      return {
        version: VERSION,
        protocol: PROTOCOL,
        pid: process.pid,
        workspace,
        node: process.versions.node,
        stepsDown,
      };
    },
  },
  status: {
    params: nothing,
    answer: (_, { runner, clients }) => ({
      active: runner.active,
      clients: clients(),
      residentBytes: process.memoryUsage.rss(),
    }),
  },
  devices: { params: nothing, answer: compute('devices') },
  'run/start': {
    params: z
      .strictObject({
        experiment: path.optional(),
        like: runId.optional(),
        device,
        overrides,
        from: z.strictObject({ run: runId, step: z.number().int().min(0).optional() }).optional(),
      })
      .refine(({ experiment, like }) => (experiment === undefined) !== (like === undefined), 'name experiment or like'),
    async answer({ experiment, like, device, overrides, from }, { workspace, runner }) {
      if (experiment) inside(workspace, experiment, 'train');
      const source = from && { path: runPath(workspace, from.run), step: from.step };
      return {
        run: await runner.start({
          experiment,
          like: like && runPath(workspace, like),
          device,
          overrides,
          from: source,
        }),
      };
    },
  },
  'run/resume': {
    params: z.strictObject({ run: runId, device }),
    async answer({ run, device }, { workspace, runner }) {
      return { run: await runner.start({ resume: runPath(workspace, run), device }) };
    },
  },
  'run/stop': {
    params: z.strictObject({ run: runId }),
    answer: ({ run }, { runner }) => {
      runner.stop(run, { code: 'asked' });
      return {};
    },
  },
  'run/checkpoint': {
    params: z.strictObject({ run: runId }),
    answer: ({ run }, { runner }) => {
      runner.checkpoint(run);
      return {};
    },
  },
  'run/export': {
    params: z.strictObject({ run: runId, out: path, as: z.enum(exportForms).default('adapter') }),
    answer: ({ run, out, as }, house, session, signal) =>
      compute<'run/export'>('export')(
        { path: runPath(house.workspace, run), out, as } as never,
        house,
        session,
        signal,
      ),
  },
  'run/report': {
    params: z.strictObject({ run: runId, out: path }),
    answer: ({ run, out }, house, session, signal) =>
      compute<'run/report'>('report')({ path: runPath(house.workspace, run), out } as never, house, session, signal),
  },
  subscribe: {
    params: z.strictObject({ run: runId, log, fromSeq: z.number().int().min(1) }),
    answer: ({ run, log, fromSeq }, { workspace }, session) => {
      session.subscribe(run, log, join(runPath(workspace, run), logFiles[log]), fromSeq);
      return {};
    },
  },
  unsubscribe: {
    params: z.strictObject({ run: runId, log }),
    answer: ({ run, log }, _, session) => {
      session.unsubscribe(run, log);
      return {};
    },
  },
  estimate: {
    params: z.strictObject({ experiment: path, device, overrides, token: word.optional() }),
    answer: compute('estimate'),
  },
  'dataset/detect': { params: detectDatasetParams, answer: compute('dataset/detect') },
  'dataset/inspect': { params: inspectDatasetParams, answer: compute('dataset/inspect') },
  'model/inspect': { params: inspectModelParams, answer: compute('model/inspect') },
  'model/download': { params: downloadModelParams, answer: compute('model/download') },
  'hub/preview': { params: previewParams, answer: compute('hub/preview') },
  'hub/publish': { params: publishParams, answer: compute('hub/publish') },
  'cuda/fetch': { params: z.strictObject({ token: word.optional() }), answer: compute('cuda/fetch') },
  shutdown: {
    params: z.strictObject({ force: z.boolean() }),
    async answer({ force }, { runner, shutdown }) {
      if (runner.busy && !force)
        throw new UserError({
          code: 'serve.busy',
          tried: 'stop the sidecar',
          why: `${runner.active?.name ?? 'a run'} is training.`,
          cure: 'Stop the run first, or let it finish.',
        });
      await runner.close({ code: 'sidecar' });
      setTimeout(shutdown, 50);
      return {};
    },
  },
};

/** Hands a request to a worker; cancelling it asks the worker to stop. */
function compute<M extends keyof Requests>(job: JobName): Handler<M> {
  return async (params, { workspace }, session, signal) => {
    const token = (params as { token?: string }).token;
    const work = startJob({ job, params, workspace }, (message) => {
      if (message.type !== 'progress' || !token) return;
      const { done, total, detail } = message;
      session.notifyLatest(`work ${token}`, 'work/progress', { token, done, total, detail });
    });
    const stop = () => work.send({ type: 'stop', reason: { code: 'asked' } });
    signal.addEventListener('abort', stop);
    try {
      return (await work.done) as Requests[M]['result'];
    } finally {
      signal.removeEventListener('abort', stop);
    }
  };
}

function inside(workspace: string, file: string, what: string): void {
  if (isReallyInside(file, workspace)) return;
  throw new UserError({
    code: 'serve.outside',
    tried: `${what} ${file}`,
    why: `it lies outside the workspace ${workspace}.`,
    cure: 'Open its folder as a workspace.',
  });
}

function runPath(workspace: string, id: string): string {
  const folder = join(runsFolder(workspace), id);
  if (existsSync(folder)) {
    inside(workspace, folder, 'use the run');
    // What a run writes and gives out lies in it: a link in its place may lead anywhere.
    for (const entry of readdirSync(folder, { withFileTypes: true }))
      if (entry.isSymbolicLink()) inside(workspace, join(folder, entry.name), 'use');
    return folder;
  }
  throw new UserError({
    code: 'serve.no-such-run',
    tried: `find the run ${id}`,
    why: 'this workspace has no such run.',
    cure: 'Refresh the list of runs.',
  });
}
