/**
 * @file Every message between the extension and the sidecar: JSON-RPC 2.0, one message a WebSocket text frame.
 * Who sends it, when, and whether it may be dropped stands at each. It imports nothing but its own room.
 */
import type { Whole } from './events.ts';
import type { ExportForm } from './forms.ts';
import type {
  CudaSupport,
  DownloadedModel,
  DownloadModel,
  PublicationPreview,
  Published,
  PublishFolder,
} from './hub-messages.ts';
import type { LogName, LogRecord, UtilisationRecord } from './log.ts';

/** Raised when an old client would misread a message. */
export const PROTOCOL = 1;

/** Requests, all from the client. Each is answered once, with a result or an error; none is dropped. */
export interface Requests {
  /** First message of a connection, within two seconds of its opening; anything else before it closes the socket. */
  authenticate: {
    /** `version` is the client's own: a sidecar of another ends when no run is at work. Without it none is compared. */
    params: { token: string; protocol: number; client: string; version?: string };
    result: Welcome;
  };
  /** What the sidecar is doing. */
  status: { params: Record<string, never>; result: SidecarStatus };
  /** Which devices can compute here. Probing takes up to some seconds. */
  devices: { params: Record<string, never>; result: { devices: DeviceReport[] } };
  /** Begins a run; answered when its folder exists. */
  'run/start': { params: StartRun; result: { run: string } };
  /** Goes on with an interrupted run from its newest whole checkpoint. */
  'run/resume': { params: { run: string; device?: string }; result: { run: string } };
  /** Asks a run to write a checkpoint after its step and leave; answered at once, `run/state` follows. */
  'run/stop': { params: { run: string }; result: Record<string, never> };
  /** Asks for a checkpoint after the running step; a `checkpoint` event follows in the log. */
  'run/checkpoint': { params: { run: string }; result: Record<string, never> };
  /** Writes what a finished run trained into a folder that the person named; `notes` say what was checked. */
  'run/export': {
    params: { run: string; out: string; as?: ExportForm };
    result: { path: string; notes: string[] };
  };
  /** Writes what a run learned and forgot into a folder that the person named: a page, Markdown, LaTeX tables. */
  'run/report': { params: { run: string; out: string }; result: { path: string } };
  /**
   * Sends a log's events from `fromSeq` on, first from the disk, then as they are written: `run/events`. Another
   * subscription to the same log of the same run by the same connection replaces the first.
   */
  subscribe: { params: { run: string; log: LogName; fromSeq: number }; result: Record<string, never> };
  unsubscribe: { params: { run: string; log: LogName }; result: Record<string, never> };
  /** Reads and decodes what a dataset holds. Reports `work/progress`; can be cancelled. */
  'dataset/inspect': { params: InspectDataset; result: DatasetReport };
  /** Guesses layout and language of a folder without decoding anything. */
  'dataset/detect': { params: { path: string }; result: DatasetGuess };
  /** Reads a base model's folder, checks its tensors, computes nothing. */
  'model/inspect': { params: { path: string }; result: ModelReport };
  /** Fetches a base model into the workspace. Reports `work/progress`; can be cancelled, and goes on where it was. */
  'model/download': { params: DownloadModel; result: DownloadedModel };
  /** What would be published of an exported folder: nothing is sent. */
  'hub/preview': { params: { folder: string }; result: PublicationPreview };
  /** Makes the folder a repository of the hub, by one commit. Reports `work/progress`; can be cancelled. */
  'hub/publish': { params: PublishFolder; result: Published };
  /** Fetches onnxruntime's CUDA provider into a folder of the user's own, unless it is there. */
  'cuda/fetch': { params: { token?: string }; result: CudaSupport };
  /** Exact parameters; memory and time as measured on some real steps. Can be cancelled. */
  estimate: { params: { experiment: string; device?: string; overrides?: string[] }; result: Estimate };
  /** Ends the sidecar; refused while a run is at work unless `force`, which stops it with a checkpoint first. */
  shutdown: { params: { force: boolean }; result: Record<string, never> };
}

/** Notifications, all from the sidecar. */
export interface Notifications {
  /**
   * Events of a log, in order, without a gap: each batch begins one behind the last. Never dropped: while a client is
   * slow they wait in the log on disk, so that no memory grows.
   */
  'run/events': RunEvents;
  /** How far a run is within its stage. May be dropped: a slow client gets the latest only. */
  'run/progress': RunProgress;
  /** A run began or ended. Never dropped; sent to every client. */
  'run/state': RunStateChange;
  /** How far a long request is. May be dropped. `token` is the one its request carried. */
  'work/progress': { token: string; done: number; total: number; detail?: string };
}

export interface Welcome {
  version: string;
  protocol: number;
  pid: number;
  /** Absolute folder that the sidecar works for. */
  workspace: string;
  node: string;
  /** It is of another version than the client, and ends: at once, or when its run is over. */
  stepsDown?: 'now' | 'after its run';
}

export interface SidecarStatus {
  active?: { run: string; name: string; progress?: RunProgress };
  clients: number;
  /** Bytes of the process. */
  residentBytes: number;
}

export interface StartRun {
  /** Experiment file; absolute, inside the workspace. Either this or `like`. */
  experiment?: string;
  /** In place of a file: the settings of this run, as it resolved them. */
  like?: string;
  device?: string;
  /** `training.steps=300`, as `--set` takes them. */
  overrides?: string[];
  /** Starts from the parameters of another run's checkpoint (newest without `step`), as step 0 of a new run. */
  from?: { run: string; step?: number };
}

export interface RunEvents {
  run: string;
  log: LogName;
  events: (LogRecord | UtilisationRecord)[];
}

export interface RunProgress {
  run: string;
  stage: string;
  done: number;
  total: number;
  detail?: string;
  /** Of this stage, where that can be told. */
  leftSeconds?: number;
  /** Of all that comes before the first step; absent from the first step on. */
  whole?: Whole;
}

export interface RunStateChange {
  run: string;
  name: string;
  state: 'started' | 'done' | 'stopped' | 'failed';
  reason?: string;
}

export interface DeviceReport {
  device: string;
  usable: boolean;
  reason?: string;
}

export interface InspectDataset {
  /** Absolute folder or manifest. */
  path: string;
  language: string;
  layout?: string;
  /** Of annotated recordings, the tiers that hold utterances. */
  tiers?: string[];
  /** What becomes of the rest of them. */
  unannotated?: 'aside' | 'pauses';
  allowOutside?: boolean;
  token?: string;
}

export interface DatasetGuess {
  layout: string;
  /** ISO 639-3, from the path or the manifest; absent where nothing speaks for one. */
  language?: string;
  utterances: number;
  speakers: number;
  /** Files; fewer than utterances where stretches of them are. */
  recordings: number;
  /** Of annotations beside recordings, every tier that holds words; `proposed` is what is used unless told. */
  tiers: { name: string; speaker?: string; stretches: number; seconds: number; example: string; proposed: boolean }[];
  /** First few, relative to the folder. */
  examples: string[];
  problems: string[];
}

export interface ShortClips {
  belowSeconds: number;
  clips: number;
  seconds: number;
}

export interface DatasetReport {
  layout: string;
  seconds: number;
  clips: number;
  speakers: number;
  /** As the training splits with its default share; `unused` is what it would leave aside. */
  splits: { name: 'train' | 'held-out' | 'unused'; seconds: number; clips: number; speakers: number }[];
  /** The first 5000; all of them are counted in `skippedReasons`, most frequent first. Paths here are absolute. */
  skipped: { path: string; reasonCode: string; reason: string }[];
  skippedReasons: { reasonCode: string; clips: number }[];
  /** Upper edges in seconds and counts; the last edge is the longest clip. */
  durations: { upToSeconds: number; clips: number }[];
  /** How many clips an experiment loses by its `audio.minSeconds`, where it joins none: for some of its values, rising. */
  short: ShortClips[];
  sampleRates: { hz: number; clips: number }[];
  /** Clips with at least 0.1 % of their samples at full scale; `checked` of them were looked at. */
  clipped: { checked: number; clips: number; worst: { path: string; share: number }[] };
  /** Some to listen to. */
  examples: { path: string; seconds: number; startSeconds?: number; speaker?: string }[];
  notes: string[];
}

export interface ModelReport {
  path: string;
  architecture: string;
  layers: number;
  width: number;
  parameters: number;
  sampleRateHz: number;
  /** The file that brings the weights. */
  weights: string;
  files: string[];
  hasHead: boolean;
  /** Files in its folder that hold heads of its width, beside one that is found by itself. Absent from older sidecars. */
  heads?: string[];
  /** Tensors by name; a model that has any of the three cannot be trained. */
  missing: string[];
  unexpected: string[];
  /** In words: name, shape found, shape expected. */
  misshapen: string[];
  notes: string[];
  /** From the model card. */
  licence?: string;
  /** Hub id and commit, where it was downloaded by us; else what the card names as its base. */
  source?: string;
}

export interface Estimate {
  device: string;
  base: number;
  experts: number;
  routers: number;
  head: number;
  shareWithoutHead: number;
  /** Of one training step, median of those measured. */
  stepSeconds: number;
  /** Of all steps, evaluations and the control; preparing the audio is not in it. */
  totalSeconds: number;
  /** From the press to the end, where it was known how much speech there is: the terminal reads it first. */
  whole?: { preparationSeconds: number; totalSeconds: number };
  /** A step and all steps with frozen weights in 8 bits, where this processor is made for it. */
  int8?: { stepSeconds: number; totalSeconds: number };
  /** Peak of the process while measuring in float32. */
  peakBytes: number;
}

/** The data of a JSON-RPC error: what a person can act on. */
export interface ErrorData {
  problems: {
    code: string;
    tried: string;
    why: string;
    cure: string;
    place?: { file: string; line: number; column: number };
  }[];
}

/** JSON-RPC error codes beyond the standard's own. */
export const ErrorCodes = { user: -32000, internal: -32001, unauthenticated: -32002, tooMany: -32003 } as const;

/** Why the sidecar closed a socket: WebSocket close codes of the private range. */
export const CloseCodes = {
  unauthenticated: 4001,
  tooSlow: 4002,
  tooMany: 4003,
  protocol: 4004,
  goingAway: 4005,
} as const;

/** The reason beside `unauthenticated` where no token came in time; without it the token was wrong. */
export const tokenLate = 'not authenticated in time';
