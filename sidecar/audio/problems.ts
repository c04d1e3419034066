/** @file The faults that an audio file can have, each with its cure. Knows no codec and no data set. */
import { UserError } from '../errors.ts';

export type AudioFault =
  | 'missing'
  | 'unreadable'
  | 'empty-file'
  | 'unknown-format'
  | 'unsupported'
  | 'truncated'
  | 'corrupt'
  | 'no-samples'
  | 'not-finite'
  | 'no-such-channel'
  | 'channels-cancel'
  | 'too-long';

const cures: Record<AudioFault, string> = {
  missing: 'Check the path, or remove the file from the manifest.',
  unreadable: 'Give yourself the right to read it, check the disk, or free memory, and try again.',
  'empty-file': 'Copy the file again from its source, or remove it.',
  'unknown-format': 'Convert the file to WAV, FLAC, MP3 or Opus, or remove it.',
  unsupported: 'Convert the file to 16-bit PCM WAV or to FLAC.',
  truncated: 'Copy or download the file again.',
  corrupt: 'Copy or download the file again; if it stays broken, remove it.',
  'no-samples': 'Remove the file, or record it again.',
  'not-finite': 'Export the file again as 16-bit PCM WAV or as FLAC.',
  'no-such-channel': 'Choose a channel that the recording has, or mix all.',
  'channels-cancel': 'Choose one channel (`audio.channels`), or export one of them alone.',
  'too-long': 'Cut the recording into shorter files.',
};

/** A fault of one audio file; `code` is `audio.<fault>`. */
export function audioError(fault: AudioFault, file: string, why: string): UserError {
  return new UserError({ code: `audio.${fault}`, tried: `read the audio file ${file}`, why, cure: cures[fault] });
}
