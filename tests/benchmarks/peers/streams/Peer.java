import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.UUID;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * The classifier's job as a Kafka Streams application: the same contacts in, the same kinds of events out, the same
 * rules of consent, exactly once. Its state is local and by partition, so it keeps no register that others can ask.
 *
 * <p>Simpler than the classifier, to its own advantage: it hashes no contents, knows no policy, checks less of a
 * contact, and a correction takes back klantcontacten and taken but nothing that it gave a partij.
 *
 * <p>Arguments: brokers, application id, state folder, topic in, dead letters, then the four topics out: klantcontacten,
 * confidential ones, taken, confidential ones.
 */
public final class Peer {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Set<String> KLANT = Set.of("klant", "vertegenwoordiger");
    private static final String OWN = "urn:nld:oin:00000000000000000000:systeem:klantcontact";
    private static final String TYPE = "nl.klantinteracties.";

    /** What goes out: a message and its topic. */
    private record Out(String topic, byte[] value) {}

    public static void main(String[] arguments) {
        var settings = new Properties();
        settings.put("bootstrap.servers", arguments[0]);
        settings.put("application.id", arguments[1]);
        settings.put("state.dir", arguments[2]);
        settings.put("processing.guarantee", "exactly_once_v2");
        settings.put("num.stream.threads", "2");
        settings.put("auto.offset.reset", "earliest");
        settings.put("replication.factor", "1");
        var builder = new StreamsBuilder();
        for (var store : List.of("contacten", "partijen")) {
            var supplier = Stores.persistentKeyValueStore(store);
            builder.addStateStore(Stores.keyValueStoreBuilder(supplier, Serdes.String(), Serdes.String()));
        }
        builder.stream(arguments[3], Consumed.with(Serdes.String(), Serdes.ByteArray()))
            .process(() -> new Judge(arguments), "contacten", "partijen")
            .to((key, out, context) -> out.topic(), Produced.with(Serdes.String(), Serdes.serdeFrom(
                (topic, out) -> out.value(), (topic, bytes) -> new Out(topic, bytes))));
        var streams = new KafkaStreams(builder.build(), settings);
        Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
        streams.start();
    }

    private static final class Judge implements Processor<String, byte[], String, Out> {
        private final String deadLetters;
        private final String[] out;
        private ProcessorContext<String, Out> context;
        private KeyValueStore<String, String> contacten;
        private KeyValueStore<String, String> partijen;
        private String now;

        Judge(String[] arguments) {
            deadLetters = arguments[4];
            out = List.of(arguments).subList(5, 9).toArray(new String[0]);
        }

        @Override
        public void init(ProcessorContext<String, Out> given) {
            context = given;
            contacten = given.getStateStore("contacten");
            partijen = given.getStateStore("partijen");
        }

        @Override
        public void process(Record<String, byte[]> record) {
            JsonNode event;
            try {
                event = JSON.readTree(record.value());
                check(event);
            } catch (Exception invalid) {
                context.forward(new Record<>(record.key(), new Out(deadLetters, record.value()), record.timestamp()));
                return;
            }
            now = Instant.ofEpochMilli(record.timestamp()).toString();
            judge(event, event.get("data"), record);
        }

        /** Raises an exception for a contact that lacks what is required, or has an impossible moment or BSN. */
        private static void check(JsonNode event) {
            for (var name : List.of("id", "source", "type")) {
                if (event.path(name).asText().isBlank()) throw new IllegalArgumentException(name);
            }
            var data = event.get("data");
            OffsetDateTime.parse(event.get("time").asText());
            OffsetDateTime.parse(data.get("plaatsgevondenOp").asText());
            if (data.get("contactId").asText().isBlank() || data.get("kanaal").asText().isBlank()) throw new IllegalArgumentException();
            for (var actor : data.get("actoren")) {
                if (actor.get("naam").asText().isBlank()) throw new IllegalArgumentException("naam");
            }
            for (var betrokkene : data.get("betrokkenen")) {
                betrokkene.get("rol").asText();
                for (var each : betrokkene.path("partijIdentificatoren")) {
                    if (each.get("codeSoortObjectId").asText().equals("bsn") && !elfproef(each.get("objectId").asText())) {
                        throw new IllegalArgumentException("bsn");
                    }
                }
            }
            for (var onderwerp : data.get("onderwerpen")) {
                if (onderwerp.get("onderwerp").asText().isBlank()) throw new IllegalArgumentException("onderwerp");
            }
        }

        private static boolean elfproef(String bsn) {
            if (bsn.length() != 9) return false;
            var sum = -Character.digit(bsn.charAt(8), 10);
            for (var place = 0; place < 8; place++) sum += (9 - place) * Character.digit(bsn.charAt(place), 10);
            return sum % 11 == 0;
        }

        private void judge(JsonNode event, JsonNode data, Record<String, byte[]> record) {
            var key = event.get("source").asText() + " " + data.get("contactId").asText();
            var revisie = data.path("revisie").asInt(1);
            var known = contacten.get(key);
            var given = known == null ? new String[] {"0"} : known.split(" ");
            if (revisie <= Integer.parseInt(given[0])) return;
            var klant = false;
            ObjectNode partij = null;
            for (var betrokkene : data.get("betrokkenen")) {
                klant |= KLANT.contains(betrokkene.get("rol").asText());
                if (betrokkene.has("authenticatie") && betrokkene.path("partijIdentificatoren").size() > 0) {
                    var updated = partij(data, betrokkene);
                    partij = partij == null ? updated : partij;
                }
            }
            var follows = follows(event, data);
            var kept = new ArrayList<String>();
            kept.add(String.valueOf(revisie));
            var confidential = data.path("vertrouwelijk").asBoolean();
            var place = 0;
            for (var onderwerp : data.get("onderwerpen")) {
                var opvolging = onderwerp.path("opvolging").path("soort").asText("geen");
                var regel = regel(klant, data.path("totStandGekomen").asBoolean(true), follows, partij, opvolging);
                var number = onderwerp.path("onderwerpId").asText(String.valueOf(place++));
                if (regel.compareTo("V1") == 0 || regel.startsWith("G")) continue;
                var id = id(key + " " + number);
                var klantcontact = registered(event, data, onderwerp, id, regel, partij, number);
                send(record, out[confidential ? 1 : 0], id, klantcontact);
                var taak = "";
                if (opvolging.equals("interne_taak")) {
                    taak = id("taak " + id);
                    send(record, out[confidential ? 3 : 2], taak, taak(event, data, onderwerp, id, taak, regel, number));
                }
                kept.add(id + ":" + taak + ":" + confidential);
            }
            withdraw(record, event, given, kept);
            contacten.put(key, String.join(" ", kept));
        }

        /** The first row of the decision table that applies. */
        private static String regel(boolean klant, boolean arose, boolean follows, ObjectNode partij, String opvolging) {
            if (!klant) return "G1";
            if (!arose) return "G2";
            if (follows) return "V0";
            if (partij == null) return opvolging.equals("geen") ? "V1" : "V2";
            return partij.get("toestemming").asText().equals("gegeven") ? "V4" : "V3";
        }

        private boolean follows(JsonNode event, JsonNode data) {
            var asked = data.path("vervolgOp").path("contactId");
            if (asked.isMissingNode()) return false;
            var known = contacten.get(event.get("source").asText() + " " + asked.asText());
            return known != null && known.indexOf(' ') > 0;
        }

        /** Finds or makes the partij of a gekende betrokkene; the newest statement of consent counts. */
        private ObjectNode partij(JsonNode data, JsonNode betrokkene) {
            var identificator = betrokkene.get("partijIdentificatoren").get(0);
            var sleutel = identificator.get("codeSoortObjectId").asText() + identificator.get("objectId").asText();
            var known = partijen.get(sleutel);
            // Its id, number, version, and the moments of the newest consent and of the newest withdrawal.
            var state = known == null
                ? new String[] {id(sleutel), "2" + Math.abs(sleutel.hashCode()), "0", "", ""} : known.split(" ", -1);
            var moment = OffsetDateTime.parse(data.get("plaatsgevondenOp").asText()).toInstant().toString();
            var said = betrokkene.path("toestemmingHergebruik").asText("");
            if (said.equals("gegeven") && moment.compareTo(state[3]) > 0) state[3] = moment;
            if (said.equals("ingetrokken") && moment.compareTo(state[4]) > 0) state[4] = moment;
            state[2] = String.valueOf(Integer.parseInt(state[2]) + 1);
            partijen.put(sleutel, String.join(" ", state));
            var consent = state[3].compareTo(state[4]) > 0;
            var partij = JSON.createObjectNode().put("partijId", state[0]).put("versie", Integer.parseInt(state[2]))
                .put("geleegdBij", 0).put("nummer", state[1])
                .put("soortPartij", betrokkene.path("soortPartij").asText("persoon"))
                .put("resultaat", !consent ? "leeg" : known == null ? "nieuw" : "bestaand")
                .put("toestemming", consent ? "gegeven" : "geen").put("identificatie", "extern");
            partij.set("partijIdentificatoren", betrokkene.get("partijIdentificatoren"));
            partij.set("vervallenIdentificatoren", JSON.createArrayNode());
            var details = consent && !said.equals("geweigerd");
            partij.set("digitaleAdressen", details ? addresses(betrokkene, "standaard") : JSON.createArrayNode());
            if (details && betrokkene.has("contactnaam")) partij.set("contactnaam", betrokkene.get("contactnaam"));
            return partij;
        }

        private static ArrayNode addresses(JsonNode betrokkene, String use) {
            var kept = JSON.createArrayNode();
            for (var adres : betrokkene.path("digitaleAdressen")) {
                if (adres.path("gebruik").asText("opvolging").equals(use)) {
                    kept.add(((ObjectNode) adres.deepCopy()).without("gebruik"));
                }
            }
            return kept;
        }

        private ObjectNode registered(
                JsonNode event, JsonNode data, JsonNode onderwerp, String id, String regel, ObjectNode partij, String number) {
            var inhoud = JSON.createObjectNode();
            var klantcontact = inhoud.putObject("klantcontact").put("klantcontactId", id)
                .put("nummer", "1" + Math.abs(id.hashCode())).put("kanaal", data.get("kanaal").asText())
                .put("onderwerp", onderwerp.get("onderwerp").asText()).put("indicatieContactGelukt", true)
                .put("taal", data.path("taal").asText("nld")).put("vertrouwelijk", data.path("vertrouwelijk").asBoolean())
                .put("plaatsgevondenOp", utc(data.get("plaatsgevondenOp")));
            if (onderwerp.has("inhoud")) klantcontact.put("inhoud", onderwerp.get("inhoud").asText());
            inhoud.set("actoren", data.get("actoren"));
            var betrokkenen = inhoud.putArray("betrokkenen");
            var place = 0;
            for (var betrokkene : data.get("betrokkenen")) {
                var kept = betrokkenen.addObject().put("betrokkeneId", id(id + place++)).put("rol", betrokkene.get("rol").asText())
                    .put("initiator", betrokkene.path("initiator").asBoolean());
                kept.set("digitaleAdressen", addresses(betrokkene, "opvolging"));
                if (partij != null && betrokkene.has("authenticatie")) {
                    kept.putObject("wasPartij").put("partijId", partij.get("partijId").asText()).put("nummer", partij.get("nummer").asText());
                }
            }
            var partijen = inhoud.putArray("partijen");
            if (partij != null) partijen.add(partij);
            inhoud.set("onderwerpobjecten", onderwerp.path("onderwerpobjecten").isArray() ? onderwerp.get("onderwerpobjecten") : JSON.createArrayNode());
            inhoud.set("bijlagen", onderwerp.path("bijlagen").isArray() ? onderwerp.get("bijlagen") : JSON.createArrayNode());
            return envelope(event, data, inhoud, "klantcontact.registered", id, regel, number);
        }

        private ObjectNode taak(
                JsonNode event, JsonNode data, JsonNode onderwerp, String id, String taakId, String regel, String number) {
            var inhoud = JSON.createObjectNode();
            var taak = inhoud.putObject("interneTaak").put("taakId", taakId).put("nummer", "3" + Math.abs(taakId.hashCode()))
                .put("gevraagdeHandeling", onderwerp.get("opvolging").get("gevraagdeHandeling").asText())
                .put("status", "te_verwerken").put("vertrouwelijk", data.path("vertrouwelijk").asBoolean())
                .put("toegewezenOp", now).put("plaatsgevondenOp", utc(data.get("plaatsgevondenOp")));
            taak.set("toegewezenAan", onderwerp.get("opvolging").get("toegewezenAan"));
            taak.putObject("aanleidinggevendKlantcontact").put("klantcontactId", id).put("nummer", "1" + Math.abs(id.hashCode()));
            return envelope(event, data, inhoud, "taak.created", taakId, regel, number);
        }

        /** Takes back what an earlier revisie was given and this one is not. */
        private void withdraw(Record<String, byte[]> record, JsonNode event, String[] given, List<String> kept) {
            for (var place = 1; place < given.length; place++) {
                if (kept.contains(given[place])) continue;
                var parts = given[place].split(":", -1);
                var confidential = Boolean.parseBoolean(parts[2]);
                var klantcontact = JSON.createObjectNode().put("klantcontactId", parts[0]).put("verplaatst", false);
                send(record, out[confidential ? 1 : 0], parts[0],
                    envelope(event, event.get("data"), klantcontact, "klantcontact.withdrawn", parts[0], "V1", "0"));
                if (!parts[1].isEmpty()) {
                    var taak = JSON.createObjectNode().put("taakId", parts[1]).put("klantcontactId", parts[0]);
                    send(record, out[confidential ? 3 : 2], parts[1],
                        envelope(event, event.get("data"), taak, "taak.withdrawn", parts[1], "V1", "0"));
                }
            }
        }

        private ObjectNode envelope(
                JsonNode event, JsonNode data, ObjectNode inhoud, String type, String id, String regel, String number) {
            inhoud.putObject("besluit").put("regel", regel).put("beleidsversie", "V6898-voorstel-2023-10")
                .put("besluitversie", 1).put("toelichting", "Zie de beslistabel van het klantcontactregister: regel " + regel + ".");
            inhoud.putObject("herkomst").put("source", event.get("source").asText()).put("eventId", event.get("id").asText())
                .put("contactId", data.get("contactId").asText()).put("revisie", data.path("revisie").asInt(1))
                .put("onderwerpId", number);
            var made = JSON.createObjectNode().put("specversion", "1.0").put("id", id("event " + type + id + data.path("revisie").asInt(1)))
                .put("source", OWN).put("type", TYPE + type).put("time", now).put("subject", id)
                .put("datacontenttype", "application/json")
                .put("dataschema", "urn:klantinteracties:schema:" + type + ":1");
            made.set("data", inhoud);
            return made;
        }

        private void send(Record<String, byte[]> record, String topic, String key, ObjectNode event) {
            try {
                context.forward(new Record<>(key, new Out(topic, JSON.writeValueAsBytes(event)), record.timestamp()));
            } catch (com.fasterxml.jackson.core.JsonProcessingException impossible) {
                throw new IllegalStateException(impossible);
            }
        }

        private static String utc(JsonNode moment) {
            return OffsetDateTime.parse(moment.asText()).toInstant().toString();
        }

        private static String id(String name) {
            return UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8)).toString();
        }
    }
}
