// The roles in MongoDB, made from services/runtime/mongo/roles.py by `make docs`. Change them there.
//
//   mongosh "mongodb://ADMINISTRATOR@HOST:27017/admin?replicaSet=rs0" --file deploy/mongodb/roles.js
//
// mongosh asks for the password. Set KLANTCONTACT_MONGO_DATABASE and KLANTCONTACT_MONGO_REGISTER_DATABASE where the
// services have them. A role that exists gets the rights that stand here, and no others.

const projection = process.env.KLANTCONTACT_MONGO_DATABASE || "klantcontact";
const register = process.env.KLANTCONTACT_MONGO_REGISTER_DATABASE || projection;
const databases = { register, projection };

const roles = {
  "classifier": {
    rights: [
      ["register", ["partijregister"], ["find", "insert", "update", "createIndex", "remove"]],
      ["register", ["besluiten"], ["find", "insert", "update", "createIndex", "listIndexes", "dropIndex"]],
      ["register", ["nummers", "tellingen", "sleutelcontrole"], ["find", "insert", "update"]],
      ["register", ["wissingen"], ["find", "insert"]],
      ["register", ["dead_letter_keys"], ["insert", "update", "createIndex"]],
      ["register", ["stopped_partitions"], ["find", "insert", "update", "remove"]],
      ["register", ["skipped_records"], ["insert", "update"]],
    ],
    cluster: [],
  },
  "projector": {
    rights: [
      ["projection", ["klantcontacten", "partijen", "interne_taken", "klantcontacten_vertrouwelijk", "interne_taken_vertrouwelijk"], ["find", "insert", "update", "remove", "createCollection", "createIndex", "collMod"]],
      ["projection", ["vervallen"], ["find", "insert", "update", "remove", "createCollection", "createIndex", "collMod", "listIndexes"]],
      ["projection", ["plaatsclaims"], ["insert", "remove", "createCollection", "createIndex"]],
      ["projection", ["herbouw"], ["find"]],
      ["projection", ["stopped_partitions"], ["find", "insert", "update", "remove"]],
      ["projection", ["skipped_records"], ["insert", "update"]],
      ["projection", [""], ["listCollections"]],
    ],
    cluster: [],
  },
  "mapper": {
    rights: [
      ["register", ["besluiten"], ["find"]],
      ["register", ["dead_letter_keys"], ["insert", "update", "createIndex"]],
      ["register", ["stopped_partitions"], ["find", "insert", "update", "remove"]],
      ["register", ["skipped_records"], ["insert", "update"]],
    ],
    cluster: [],
  },
  "operator": {
    rights: [
      ["register", ["partijregister", "besluiten", "nummers", "tellingen", "sleutelcontrole"], ["find"]],
      ["register", ["dead_letters"], ["find", "insert", "update", "createIndex"]],
      ["register", ["dead_letter_keys", "stopped_partitions"], ["find", "update"]],
      ["register", ["operators_lock", "audit_head"], ["find", "insert", "update"]],
      ["projection", ["stopped_partitions"], ["find", "update"]],
      ["projection", ["skipped_records"], ["find", "remove"]],
      ["projection", ["klantcontacten", "partijen", "interne_taken", "klantcontacten_vertrouwelijk", "interne_taken_vertrouwelijk", "vervallen"], ["find", "insert", "update", "remove", "createIndex", "dropCollection"]],
      ["projection", ["klantcontacten_nieuw", "partijen_nieuw", "interne_taken_nieuw", "klantcontacten_vertrouwelijk_nieuw", "interne_taken_vertrouwelijk_nieuw", "vervallen_nieuw"], ["find", "insert", "update", "remove", "createCollection", "createIndex", "listIndexes", "dropCollection"]],
      ["projection", ["klantcontacten_vorige", "partijen_vorige", "interne_taken_vorige", "klantcontacten_vertrouwelijk_vorige", "interne_taken_vertrouwelijk_vorige", "vervallen_vorige", "herbouw_proef", "herbouw_proef_vorige"], ["find", "insert", "createIndex", "dropCollection"]],
      ["projection", ["plaatsclaims"], ["insert", "remove", "createCollection", "createIndex"]],
      ["projection", ["herbouw"], ["find", "insert", "update"]],
      ["projection", [""], ["listCollections"]],
    ],
    cluster: ["serverStatus"],
  },
  "privacy": {
    rights: [
      ["register", [""], ["find", "listCollections"]],
      ["projection", [""], ["find", "listCollections"]],
      ["register", ["wissingen", "verwerkte_taken"], ["find", "insert", "update", "remove"]],
      ["register", ["operators_lock", "audit_head"], ["find", "insert", "update"]],
      ["register", ["tellingen"], ["remove"]],
    ],
    cluster: ["serverStatus"],
  },
  "key": {
    rights: [
      ["register", ["partijregister", "besluiten"], ["find", "update", "createCollection", "collMod"]],
      ["register", ["sleutelcontrole", "dead_letter_keys"], ["find", "update"]],
      ["register", ["operators_lock", "audit_head"], ["find", "insert", "update"]],
    ],
    cluster: ["serverStatus"],
  },
  "reader": {
    rights: [
      ["projection", ["klantcontacten", "partijen", "interne_taken"], ["find"]],
    ],
    cluster: [],
  },
  "reader-confidential": {
    rights: [
      ["projection", ["klantcontacten", "partijen", "interne_taken", "klantcontacten_vertrouwelijk", "interne_taken_vertrouwelijk"], ["find"]],
    ],
    cluster: [],
  },
  "taken": {
    rights: [
      ["projection", ["klantcontacten", "partijen"], ["find"]],
      ["projection", ["interne_taken"], ["find", "update"]],
    ],
    cluster: [],
  },
  "taken-confidential": {
    rights: [
      ["projection", ["klantcontacten", "partijen", "klantcontacten_vertrouwelijk"], ["find"]],
      ["projection", ["interne_taken", "interne_taken_vertrouwelijk"], ["find", "update"]],
    ],
    cluster: [],
  },
};

const admin = db.getSiblingDB("admin");
for (const [name, { rights, cluster }] of Object.entries(roles)) {
  const granted = new Map();
  for (const [database, collections, actions] of rights) {
    for (const collection of collections) {
      const key = JSON.stringify({ db: databases[database], collection });
      granted.set(key, new Set([...(granted.get(key) ?? []), ...actions]));
    }
  }
  const privileges = [...granted].map(([key, actions]) => ({ resource: JSON.parse(key), actions: [...actions] }));
  if (cluster.length) privileges.push({ resource: { cluster: true }, actions: cluster });
  const role = `${projection}-${name}`;
  const exists = admin.runCommand({ rolesInfo: role }).roles.length > 0;
  admin.runCommand({ [exists ? "updateRole" : "createRole"]: role, privileges, roles: [] });
  print(`${exists ? "updated" : "created"} ${role}`);
}
