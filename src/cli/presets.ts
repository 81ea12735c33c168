/** Where distributions of Kubernetes have etcd on a node of their control plane. */

// RKE2 runs k3s's code with a data directory of its own.
const rancher = (dataDir: string) => ({
  endpoints: 'https://127.0.0.1:2379',
  cacert: `${dataDir}/server/tls/etcd/server-ca.crt`,
  cert: `${dataDir}/server/tls/etcd/client.crt`,
  key: `${dataDir}/server/tls/etcd/client.key`,
});

/**
 * Texts of the options by flag. Each certificate is the one that the distribution itself asks etcd with, signed by
 * etcd's own CA for clients only. None of them switches etcd's users on, so every certificate of that CA has all rights
 * in etcd and no lesser one would do; but unlike the server's, the peers' and the CA's key, nobody can be an etcd with
 * these.
 *
 * kubeadm: names in cmd/kubeadm/app/constants/constants.go, usages in phases/certs/certlist.go; its own client of etcd
 * takes healthcheck-client (util/etcd/etcd.go), and apiserver-etcd-client stays the API server's alone. etcd listens on
 * the loopback address (phases/etcd/local.go), which is ::1 on a cluster of IPv6 alone. k3s: CreateRuntimeCertFiles and
 * genETCDCerts in pkg/daemons/control/deps/deps.go; getEndpoints and toTLSConfig in pkg/etcd/etcd.go, with which it
 * takes its own snapshots.
 */
export const presets = {
  kubeadm: {
    endpoints: 'https://127.0.0.1:2379',
    cacert: '/etc/kubernetes/pki/etcd/ca.crt',
    cert: '/etc/kubernetes/pki/etcd/healthcheck-client.crt',
    key: '/etc/kubernetes/pki/etcd/healthcheck-client.key',
  },
  k3s: rancher('/var/lib/rancher/k3s'),
  rke2: rancher('/var/lib/rancher/rke2'),
};
