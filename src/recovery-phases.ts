/** The checks of a verification that a real restore goes through too, by name: fetching, restoring, starting etcd. */
export const recoveryPhases: readonly string[] = ['stored object', 'file', 'restored', 'etcd started'];
