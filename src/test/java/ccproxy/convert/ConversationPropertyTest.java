package ccproxy.convert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.wire.Json;
import ccproxy.wire.ModelRules;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Conversations made at random, from a seed that a failure names: what the API demands of them,
/// and that a conversation one turn longer begins with the same bytes.
class ConversationPropertyTest {
    private static final int CONVERSATIONS = 150;
    private static final int TURNS = 6;
    private static final String[] NAMES = {"f", "a/b.c", "a_b_c", "北", "x".repeat(140)};

    static List<ModelRules> models() {
        return Models.ALL;
    }

    /// A client that plays its part badly, but never takes back what it said.
    private static final class Client {
        private final Random random;
        private final ModelRules rules;
        private final ArrayNode messages = Json.array();
        private final boolean hasTools;
        private int ids;

        Client(Random random, ModelRules rules) {
            this.random = random;
            this.rules = rules;
            this.hasTools = random.nextBoolean();
        }

        private boolean isLucky(int of) {
            return random.nextInt(of) == 0;
        }

        private String text() {
            return List.of("hi", "北🙂", "a\nb ", "<system>x</system>", "\"quoted\\\"", "  ")
                            .get(random.nextInt(6))
                    + random.nextInt(100);
        }

        private ObjectNode message(String role) {
            return messages.addObject().put("role", role);
        }

        void begin() {
            for (int i = random.nextInt(3); i > 0; i--)
                message(isLucky(2) ? "system" : "developer").put("content", text());
            if (isLucky(8)) answer();
        }

        void ask() {
            int count = 1 + random.nextInt(2);
            for (int i = 0; i < count; i++) {
                switch (random.nextInt(6)) {
                    case 0 -> message("system").put("content", isLucky(3) ? "" : text());
                    case 1 ->
                            message("tool")
                                    .put("tool_call_id", "orphan:" + random.nextInt(9))
                                    .put("content", text());
                    default -> {}
                }
                user();
                if (isLucky(4)) message("developer").put("content", text());
            }
        }

        private void user() {
            ObjectNode message = message("user");
            if (isLucky(2)) {
                message.put("content", text());
                return;
            }
            ArrayNode parts = message.putArray("content");
            parts.addObject().put("type", "text").put("text", text());
            if (isLucky(3)) parts.addObject().put("type", "text").put("text", "");
            if (rules.hasImages() && isLucky(2))
                parts.addObject()
                        .put("type", "image_url")
                        .putObject("image_url")
                        .put("url", "data:image/png;base64,iVBORw0KGgo=");
            if (rules.hasPdfs() && isLucky(4))
                parts.addObject()
                        .put("type", "file")
                        .putObject("file")
                        .put("file_id", "file_1")
                        .put("filename", "a");
        }

        /// The answer of the model as a client keeps it; with calls, also their results.
        void answer() {
            ObjectNode message = message("assistant");
            if (isLucky(3)) message.putNull("content");
            else message.put("content", isLucky(5) ? "" : text());
            if (isLucky(3)) {
                ArrayNode details = message.putArray("reasoning_details");
                details.addObject()
                        .put("type", "thinking")
                        .put("index", 0)
                        .put("text", text())
                        .put("signature", "s");
                if (isLucky(2))
                    details.addObject()
                            .put("type", "redacted")
                            .put("index", random.nextInt(5))
                            .put("data", "d");
            } else if (isLucky(4)) {
                message.put("reasoning_content", text());
            }
            if (isLucky(2)) calls(message);
        }

        private void calls(ObjectNode message) {
            ArrayNode calls = message.putArray("tool_calls");
            var open = new ArrayList<String>();
            for (int i = random.nextInt(3); i >= 0; i--) {
                String id = isLucky(2) ? "call_" + ids++ : "functions.x:" + ids++;
                open.add(id);
                ObjectNode call = calls.addObject().put("id", id);
                String name = NAMES[random.nextInt(NAMES.length)];
                if (isLucky(4)) {
                    call.put("type", "custom")
                            .putObject("custom")
                            .put("name", name)
                            .put("input", text());
                } else {
                    String arguments =
                            List.of("", "{}", "{\"a\":1.50}", "[1]", "{bad", "null")
                                    .get(random.nextInt(6));
                    call.put("type", "function")
                            .putObject("function")
                            .put("name", name)
                            .put("arguments", arguments);
                }
            }
            Collections.shuffle(open, random);
            for (String id : open) {
                if (isLucky(6)) continue;
                result(id);
                if (isLucky(6)) result(id);
                if (isLucky(8)) message("system").put("content", text());
            }
        }

        private void result(String id) {
            ObjectNode result = message("tool").put("tool_call_id", id);
            if (isLucky(3))
                result.putArray("content").addObject().put("type", "text").put("text", text());
            else result.put("content", isLucky(4) ? "" : text());
        }

        ObjectNode request() {
            ObjectNode request = Json.object().put("model", "m");
            request.set("messages", messages.deepCopy());
            // Without tools, those that were called are defined, in the order of their calls.
            if (!hasTools) return request;
            ArrayNode tools = request.putArray("tools");
            for (String name : NAMES)
                tools.addObject().put("type", "function").putObject("function").put("name", name);
            return request;
        }
    }

    private static ObjectNode body(ModelRules rules, ObjectNode request) {
        return Conversion.of(request, Conversion.options(rules), Conversion.DISPLAY).body();
    }

    @ParameterizedTest
    @MethodSource("models")
    void aConversationOneTurnLongerBeginsWithTheSameBytes(ModelRules rules) {
        for (long seed = 0; seed < CONVERSATIONS; seed++) {
            var client = new Client(new Random(seed), rules);
            client.begin();
            client.ask();
            ObjectNode before = body(rules, client.request());
            for (int turn = 1; turn < TURNS; turn++) {
                String where = rules.id() + ", seed " + seed + ", turn " + turn;
                client.answer();
                client.ask();
                ObjectNode after = body(rules, client.request());
                for (String part : new String[] {"system", "tools", "messages"}) {
                    if (!before.has(part)) continue;
                    String shorter = Json.text(before.path(part));
                    String longer = Json.text(after.path(part));
                    String prefix = shorter.substring(0, shorter.length() - 1);
                    if (!longer.startsWith(prefix))
                        assertEquals(shorter, longer, where + ", " + part);
                }
                assertLegal(after, where);
                before = after;
            }
        }
    }

    /// What the API answers with a 400 when it is not so.
    private static void assertLegal(ObjectNode body, String where) {
        assertEquals("user", body.at("/messages/0/role").asString(), where);
        Set<String> open = new HashSet<>();
        String last = "";
        for (JsonNode message : body.path("messages")) {
            String role = message.path("role").asString();
            if (role.equals("assistant") || role.equals("system"))
                assertTrue(!role.equals(last), where);
            if (role.equals("system")) assertEquals("user", last, where);
            if (last.equals("system")) assertEquals("assistant", role, where);
            assertTrue(!message.path("content").isEmpty(), where);
            boolean areResults = true;
            Set<String> answered = new HashSet<>();
            for (JsonNode block : message.path("content")) {
                switch (block.path("type").asString()) {
                    case "text" -> assertTrue(!block.path("text").asString().isEmpty(), where);
                    case "tool_use" -> {
                        assertTrue(block.path("id").asString().matches("[a-zA-Z0-9_-]+"), where);
                        assertTrue(
                                block.path("name").asString().matches("[a-zA-Z0-9_-]{1,128}"),
                                where);
                        assertTrue(block.path("input").isObject(), where);
                        open.add(block.path("id").asString());
                    }
                    case "tool_result" -> {
                        assertTrue(areResults, where + ": results first");
                        assertTrue(answered.add(block.path("tool_use_id").asString()), where);
                    }
                    default -> {}
                }
                areResults &= block.path("type").asString().equals("tool_result");
            }
            if (role.equals("user")) {
                assertEquals(open, answered, where);
                open.clear();
            }
            last = role;
        }
    }

    /// Case 24. What the client may order as it likes, a schema's properties, has a meaning.
    @Test
    void theOrderOfTheRequestsKeysMeansNothing() {
        for (long seed = 0; seed < CONVERSATIONS; seed++) {
            var random = new Random(seed);
            var client = new Client(random, Models.MIDDLE);
            client.begin();
            client.ask();
            client.answer();
            client.ask();
            ObjectNode request =
                    client.request()
                            .put("temperature", 0.5)
                            .put("max_tokens", 9)
                            .put("user", "u")
                            .put("stop", "END");
            request.put("reasoning_effort", "low")
                    .put("service_tier", "auto")
                    .put("container", "c")
                    .put("speed", "fast");
            byte[] expected = Json.bytes(body(Models.MIDDLE, request));
            byte[] actual = Json.bytes(body(Models.MIDDLE, (ObjectNode) shuffled(request, random)));
            assertEquals(new String(expected), new String(actual), "seed " + seed);
            assertEquals(
                    new String(expected), new String(Json.bytes(body(Models.MIDDLE, request))));
        }
    }

    private static JsonNode shuffled(JsonNode node, Random random) {
        if (node instanceof ArrayNode array) {
            ArrayNode made = Json.array();
            for (JsonNode item : array) made.add(shuffled(item, random));
            return made;
        }
        if (!(node instanceof ObjectNode object)) return node;
        var names = new ArrayList<>(object.propertyNames());
        Collections.shuffle(names, random);
        ObjectNode made = Json.object();
        for (String name : names) made.set(name, shuffled(object.get(name), random));
        return made;
    }
}
