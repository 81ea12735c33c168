/** The table of commands: what `--help` lists, and where each is loaded from when it is called. */
import type { Command } from './command.ts';

type Entry = { name: string; summary: string; load(): Promise<Command> };

// A command's own types end here: the parser treats all commands alike.
const loaded = (definition: unknown): Command => definition as Command;

export const commands: Entry[] = [
  {
    name: 'save',
    summary: 'take a snapshot, store it, print its id',
    load: async () => loaded((await import('./commands/save.ts')).save),
  },
  {
    name: 'restore',
    summary: "make a member's data directory from a snapshot",
    load: async () => loaded((await import('./commands/restore.ts')).restore),
  },
  {
    name: 'verify',
    summary: 'prove that snapshots restore',
    load: async () => loaded((await import('./commands/verify.ts')).verify),
  },
  {
    name: 'list',
    summary: 'the snapshots of a cluster',
    load: async () => loaded((await import('./commands/list.ts')).list),
  },
  {
    name: 'show',
    summary: 'one manifest and its verdicts',
    load: async () => loaded((await import('./commands/show.ts')).show),
  },
  {
    name: 'inspect',
    summary: 'what is in a snapshot, without etcd: keys and bytes, members, leases, alarms, auth; no values',
    load: async () => loaded((await import('./commands/inspect.ts')).inspect),
  },
  {
    name: 'diff',
    summary: 'what changed between two snapshots, or a snapshot and the living cluster',
    load: async () => loaded((await import('./commands/diff.ts')).diff),
  },
  {
    name: 'get',
    summary: 'a value out of a snapshot, or all below a prefix',
    load: async () => loaded((await import('./commands/get.ts')).get),
  },
  {
    name: 'put-back',
    summary: 'put keys of a snapshot back into a living cluster, after a plan',
    load: async () => loaded((await import('./commands/put-back.ts')).putBack),
  },
  {
    name: 'prune',
    summary: 'apply the retention policy; --dry-run prints the same plan',
    load: async () => loaded((await import('./commands/prune.ts')).prune),
  },
  {
    name: 'remove',
    summary: "remove one snapshot, with prune's rails and a reason",
    load: async () => loaded((await import('./commands/remove.ts')).remove),
  },
  {
    name: 'pin',
    summary: 'keep a snapshot whatever the policy says',
    load: async () => loaded((await import('./commands/pin.ts')).pin),
  },
  {
    name: 'unpin',
    summary: 'let the policy decide on a snapshot again',
    load: async () => loaded((await import('./commands/unpin.ts')).unpin),
  },
  {
    name: 'copy',
    summary: 'bring snapshots from one store to another',
    load: async () => loaded((await import('./commands/copy.ts')).copy),
  },
  {
    name: 'doctor',
    summary: 'try the store, look for programs and space; say how to mend what fails',
    load: async () => loaded((await import('./commands/doctor.ts')).doctor),
  },
  {
    name: 'tools install',
    summary: 'bring the etcd programs of a minor version',
    load: async () => loaded((await import('./commands/tools-install.ts')).toolsInstall),
  },
  {
    name: 'completion',
    summary: 'print what makes a shell complete commands and options',
    load: async () => loaded((await import('./commands/completion.ts')).completion),
  },
];
