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
    "rights": [
      {
        "database": "register",
        "collections": [
          "partijregister"
        ],
        "actions": [
          "find",
          "insert",
          "update",
          "createIndex",
          "remove"
        ]
      },
      {
        "database": "register",
        "collections": [
          "besluiten"
        ],
        "actions": [
          "find",
          "insert",
          "update",
          "createIndex",
          "listIndexes",
          "dropIndex"
        ]
      },
      {
        "database": "register",
        "collections": [
          "nummers",
          "tellingen",
          "sleutelcontrole"
        ],
        "actions": [
          "find",
          "insert",
          "update"
        ]
      },
      {
        "database": "register",
        "collections": [
          "wissingen"
        ],
        "actions": [
          "find",
          "insert"
        ]
      },
      {
        "database": "register",
        "collections": [
          "dead_letter_keys"
        ],
        "actions": [
          "insert",
          "update",
          "createIndex"
        ]
      },
      {
        "database": "register",
        "collections": [
          "stopped_partitions"
        ],
        "actions": [
          "find",
          "insert",
          "update",
          "remove"
        ]
      },
      {
        "database": "register",
        "collections": [
          "skipped_records"
        ],
        "actions": [
          "insert",
          "update"
        ]
      }
    ],
    "cluster": []
  },
  "projector": {
    "rights": [
      {
        "database": "projection",
        "collections": [
          "klantcontacten",
          "partijen",
          "interne_taken",
          "klantcontacten_vertrouwelijk",
          "interne_taken_vertrouwelijk"
        ],
        "actions": [
          "find",
          "insert",
          "update",
          "remove",
          "createCollection",
          "createIndex",
          "collMod"
        ]
      },
      {
        "database": "projection",
        "collections": [
          "vervallen"
        ],
        "actions": [
          "find",
          "insert",
          "update",
          "remove",
          "createCollection",
          "createIndex",
          "collMod",
          "listIndexes"
        ]
      },
      {
        "database": "projection",
        "collections": [
          "plaatsclaims"
        ],
        "actions": [
          "insert",
          "remove",
          "createCollection",
          "createIndex"
        ]
      },
      {
        "database": "projection",
        "collections": [
          "herbouw"
        ],
        "actions": [
          "find"
        ]
      },
      {
        "database": "projection",
        "collections": [
          "stopped_partitions"
        ],
        "actions": [
          "find",
          "insert",
          "update",
          "remove"
        ]
      },
      {
        "database": "projection",
        "collections": [
          "skipped_records"
        ],
        "actions": [
          "insert",
          "update"
        ]
      },
      {
        "database": "projection",
        "collections": [
          ""
        ],
        "actions": [
          "listCollections"
        ]
      }
    ],
    "cluster": []
  },
  "mapper": {
    "rights": [
      {
        "database": "register",
        "collections": [
          "besluiten"
        ],
        "actions": [
          "find"
        ]
      },
      {
        "database": "register",
        "collections": [
          "dead_letter_keys"
        ],
        "actions": [
          "insert",
          "update",
          "createIndex"
        ]
      },
      {
        "database": "register",
        "collections": [
          "stopped_partitions"
        ],
        "actions": [
          "find",
          "insert",
          "update",
          "remove"
        ]
      },
      {
        "database": "register",
        "collections": [
          "skipped_records"
        ],
        "actions": [
          "insert",
          "update"
        ]
      }
    ],
    "cluster": []
  },
  "operator": {
    "rights": [
      {
        "database": "register",
        "collections": [
          "partijregister",
          "besluiten",
          "nummers",
          "tellingen",
          "sleutelcontrole"
        ],
        "actions": [
          "find"
        ]
      },
      {
        "database": "register",
        "collections": [
          "dead_letters"
        ],
        "actions": [
          "find",
          "insert",
          "update",
          "createIndex"
        ]
      },
      {
        "database": "register",
        "collections": [
          "dead_letter_keys",
          "stopped_partitions"
        ],
        "actions": [
          "find",
          "update"
        ]
      },
      {
        "database": "register",
        "collections": [
          "operators_lock",
          "audit_head"
        ],
        "actions": [
          "find",
          "insert",
          "update"
        ]
      },
      {
        "database": "projection",
        "collections": [
          "stopped_partitions"
        ],
        "actions": [
          "find",
          "update"
        ]
      },
      {
        "database": "projection",
        "collections": [
          "skipped_records"
        ],
        "actions": [
          "find",
          "remove"
        ]
      },
      {
        "database": "projection",
        "collections": [
          "klantcontacten",
          "partijen",
          "interne_taken",
          "klantcontacten_vertrouwelijk",
          "interne_taken_vertrouwelijk",
          "vervallen"
        ],
        "actions": [
          "find",
          "insert",
          "update",
          "remove",
          "createIndex",
          "dropCollection"
        ]
      },
      {
        "database": "projection",
        "collections": [
          "klantcontacten_nieuw",
          "partijen_nieuw",
          "interne_taken_nieuw",
          "klantcontacten_vertrouwelijk_nieuw",
          "interne_taken_vertrouwelijk_nieuw",
          "vervallen_nieuw"
        ],
        "actions": [
          "find",
          "insert",
          "update",
          "remove",
          "createCollection",
          "createIndex",
          "listIndexes",
          "dropCollection"
        ]
      },
      {
        "database": "projection",
        "collections": [
          "klantcontacten_vorige",
          "partijen_vorige",
          "interne_taken_vorige",
          "klantcontacten_vertrouwelijk_vorige",
          "interne_taken_vertrouwelijk_vorige",
          "vervallen_vorige",
          "herbouw_proef",
          "herbouw_proef_vorige"
        ],
        "actions": [
          "find",
          "insert",
          "createIndex",
          "dropCollection"
        ]
      },
      {
        "database": "projection",
        "collections": [
          "plaatsclaims"
        ],
        "actions": [
          "insert",
          "remove",
          "createCollection",
          "createIndex"
        ]
      },
      {
        "database": "projection",
        "collections": [
          "herbouw"
        ],
        "actions": [
          "find",
          "insert",
          "update"
        ]
      },
      {
        "database": "projection",
        "collections": [
          ""
        ],
        "actions": [
          "listCollections"
        ]
      }
    ],
    "cluster": [
      "serverStatus"
    ]
  },
  "privacy": {
    "rights": [
      {
        "database": "register",
        "collections": [
          ""
        ],
        "actions": [
          "find",
          "listCollections"
        ]
      },
      {
        "database": "projection",
        "collections": [
          ""
        ],
        "actions": [
          "find",
          "listCollections"
        ]
      },
      {
        "database": "register",
        "collections": [
          "wissingen",
          "verwerkte_taken"
        ],
        "actions": [
          "find",
          "insert",
          "update",
          "remove"
        ]
      },
      {
        "database": "register",
        "collections": [
          "operators_lock",
          "audit_head"
        ],
        "actions": [
          "find",
          "insert",
          "update"
        ]
      },
      {
        "database": "register",
        "collections": [
          "tellingen"
        ],
        "actions": [
          "remove"
        ]
      }
    ],
    "cluster": [
      "serverStatus"
    ]
  },
  "key": {
    "rights": [
      {
        "database": "register",
        "collections": [
          "partijregister",
          "besluiten"
        ],
        "actions": [
          "find",
          "update",
          "createCollection",
          "collMod"
        ]
      },
      {
        "database": "register",
        "collections": [
          "sleutelcontrole",
          "dead_letter_keys"
        ],
        "actions": [
          "find",
          "update"
        ]
      },
      {
        "database": "register",
        "collections": [
          "operators_lock",
          "audit_head"
        ],
        "actions": [
          "find",
          "insert",
          "update"
        ]
      }
    ],
    "cluster": [
      "serverStatus"
    ]
  },
  "reader": {
    "rights": [
      {
        "database": "projection",
        "collections": [
          "klantcontacten",
          "partijen",
          "interne_taken"
        ],
        "actions": [
          "find"
        ]
      }
    ],
    "cluster": []
  },
  "reader-confidential": {
    "rights": [
      {
        "database": "projection",
        "collections": [
          "klantcontacten",
          "partijen",
          "interne_taken",
          "klantcontacten_vertrouwelijk",
          "interne_taken_vertrouwelijk"
        ],
        "actions": [
          "find"
        ]
      }
    ],
    "cluster": []
  },
  "taken": {
    "rights": [
      {
        "database": "projection",
        "collections": [
          "klantcontacten",
          "partijen"
        ],
        "actions": [
          "find"
        ]
      },
      {
        "database": "projection",
        "collections": [
          "interne_taken"
        ],
        "actions": [
          "find",
          "update"
        ]
      }
    ],
    "cluster": []
  },
  "taken-confidential": {
    "rights": [
      {
        "database": "projection",
        "collections": [
          "klantcontacten",
          "partijen",
          "klantcontacten_vertrouwelijk"
        ],
        "actions": [
          "find"
        ]
      },
      {
        "database": "projection",
        "collections": [
          "interne_taken",
          "interne_taken_vertrouwelijk"
        ],
        "actions": [
          "find",
          "update"
        ]
      }
    ],
    "cluster": []
  }
};

const admin = db.getSiblingDB("admin");
for (const [name, { rights, cluster }] of Object.entries(roles)) {
  const granted = new Map();
  for (const { database, collections, actions } of rights) {
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
