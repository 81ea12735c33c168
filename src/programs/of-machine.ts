/** Whose fault it is when one of etcd's programs gives up. */

/**
 * True where its words (Go's texts of system errors) blame the machine: a full disk, no memory, no permission. Then
 * they say nothing about the snapshot.
 */
export const isOfMachine = (said: string): boolean => machineFailed.test(said);

const machineFailed =
  /no space left on device|quota exceeded|file too large|permission denied|operation not permitted|read-only file system|input\/output error|too many open files|no such file or directory|out of memory|cannot allocate/;
