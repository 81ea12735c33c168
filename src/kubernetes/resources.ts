/**
 * Where the API server keeps its built-in resources: by name alone, without the group, and some by an old name
 * (Kubernetes: pkg/kubeapiserver/default_storage_factory_builder.go; test/integration/etcd/data.go has all of them).
 * What has a group in its key, with a dot in it, needs no table: custom resources, their definitions, API services.
 */

/** The group of a built-in resource by its plural name; empty for the core group. */
export const groupOf = (resource: string): string | null => groups.get(resource) ?? null;

/** Whether the API server itself has this group, and so leaves it out of keys. */
export const isBuiltIn = (group: string): boolean =>
  Object.hasOwn(table, group) || alsoServed.includes(group);

/** The plural name of what is kept under `folder`: `nodes` for `minions`. */
export const resourceIn = (folder: string): string => renamed.get(folder) ?? folder;

/** The other way: `minions` for `nodes`. */
export const folderOf = (resource: string): string => folders.get(resource) ?? resource;

/** Kept by API servers for themselves, beside the objects of the API. */
export const isOfServer = (resource: string): boolean => ofServer.has(resource);

const table: Record<string, string> = {
  '': 'configmaps endpoints events limitranges namespaces nodes persistentvolumeclaims persistentvolumes pods podtemplates replicationcontrollers resourcequotas secrets serviceaccounts services',
  'admissionregistration.k8s.io':
    'mutatingadmissionpolicies mutatingadmissionpolicybindings mutatingwebhookconfigurations validatingadmissionpolicies validatingadmissionpolicybindings validatingwebhookconfigurations',
  apps: 'controllerrevisions daemonsets deployments replicasets statefulsets',
  autoscaling: 'horizontalpodautoscalers',
  batch: 'cronjobs jobs',
  'certificates.k8s.io': 'certificatesigningrequests clustertrustbundles podcertificaterequests',
  'coordination.k8s.io': 'leasecandidates leases',
  'discovery.k8s.io': 'endpointslices',
  'flowcontrol.apiserver.k8s.io': 'flowschemas prioritylevelconfigurations',
  'internal.apiserver.k8s.io': 'storageversions',
  'networking.k8s.io': 'ingressclasses ingresses ipaddresses networkpolicies servicecidrs',
  'node.k8s.io': 'runtimeclasses',
  policy: 'poddisruptionbudgets podsecuritypolicies',
  'rbac.authorization.k8s.io': 'clusterrolebindings clusterroles rolebindings roles',
  'resource.k8s.io':
    'deviceclasses devicetaintrules resourceclaims resourceclaimtemplates resourcepoolstatusrequests resourceslices',
  'scheduling.k8s.io': 'podgroups priorityclasses workloads',
  'storage.k8s.io':
    'csidrivers csinodes csistoragecapacities storageclasses volumeattachments volumeattributesclasses',
  'storagemigration.k8s.io': 'storageversionmigrations',
};

// Second groups of resources that are kept once.
const alsoServed = ['events.k8s.io', 'extensions'];

const groups = new Map(
  Object.entries(table).flatMap(([group, names]) => names.split(' ').map(name => [name, group] as const)),
);

const renamed = new Map([
  ['controllers', 'replicationcontrollers'],
  ['ingress', 'ingresses'],
  ['minions', 'nodes'],
  ['podsecuritypolicy', 'podsecuritypolicies'],
  ['services/endpoints', 'endpoints'],
  ['services/specs', 'services'],
]);

const folders = new Map([...renamed].map(([folder, resource]) => [resource, folder]));

const ofServer = new Set(['compact_rev_key', 'health', 'masterleases', 'peerserverleases', 'ranges']);
