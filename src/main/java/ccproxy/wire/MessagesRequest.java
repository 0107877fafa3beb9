package ccproxy.wire;

import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// A request of the Anthropic Messages API. It is read only where we branch on it; unchanged, it
/// goes upstream as the bytes that came. Immutable: a change makes another one.
public final class MessagesRequest {
    /// `docs/en/api/messages`: at most 100,000 messages in one request.
    public static final int MESSAGES_MAX = 100_000;

    /// `docs/en/api/messages`: `model` has 1 to 256 characters. It goes into headers, log and
    /// ledger.
    static final int MODEL_LENGTH_MAX = 256;

    private static final Set<String> ROLES = Set.of("user", "assistant", "system");

    private final ObjectNode raw;
    private byte[] body;

    private MessagesRequest(ObjectNode raw, byte[] body) {
        this.raw = raw;
        this.body = body;
    }

    /// {@return the request for an answer that `body` holds}
    ///
    /// @throws ApiException names the first part that we rely on and that is not as it must be
    public static MessagesRequest answer(byte[] body) {
        MessagesRequest request = count(body);
        Field root = Field.root(request.raw);
        root.get("max_tokens").integer(0, Integer.MAX_VALUE);
        root.get("stream").flag(false);
        return request;
    }

    /// {@return the request to count tokens that `body` holds}: the same without `max_tokens`
    ///
    /// @throws ApiException as [#answer]
    public static MessagesRequest count(byte[] body) {
        ObjectNode raw = Json.object("body", body);
        Field root = Field.root(raw);
        model(root);
        checkMessages(root.get("messages"));
        Field metadata = root.get("metadata");
        if (metadata.isPresent()) {
            metadata.object();
            metadata.get("session_id").text("");
        }
        return new MessagesRequest(raw, body);
    }

    /// {@return the model that a request of either API names}
    ///
    /// @throws ApiException when it names none, or one of more than [#MODEL_LENGTH_MAX] characters
    public static String model(Field root) {
        Field model = root.get("model");
        String name = model.nonEmptyText();
        if (name.length() <= MODEL_LENGTH_MAX) return name;
        throw model.invalid(
                "expected at most " + MODEL_LENGTH_MAX + " characters, found " + name.length());
    }

    /// {@return a request that we made}
    public static MessagesRequest of(ObjectNode raw) {
        return new MessagesRequest(raw, new byte[0]);
    }

    /// Checks that an array of messages has no more than [#MESSAGES_MAX].
    ///
    /// @throws ApiException [ErrorKind#TOO_LARGE]
    public static void checkCount(Field messages) {
        int count = messages.array().size();
        if (count <= MESSAGES_MAX) return;
        throw new ApiException(
                        ErrorKind.TOO_LARGE,
                        messages.path()
                                + ": expected at most "
                                + MESSAGES_MAX
                                + " messages, found "
                                + count)
                .at(messages.path());
    }

    private static void checkMessages(Field messages) {
        if (messages.array().isEmpty()) throw messages.invalid("expected at least one message");
        checkCount(messages);
        for (Field message : messages.elements()) {
            message.object();
            Field role = message.get("role");
            if (!ROLES.contains(role.text())) throw role.expectedOneOf("user, assistant, system");
            Field content = message.get("content");
            if (content.value().isString()) continue;
            if (!content.value().isArray()) throw content.expected("a string or an array");
            for (Field block : content.elements()) {
                block.object();
                block.get("type").nonEmptyText();
            }
        }
    }

    /// {@return the whole of it; do not change it}
    public ObjectNode raw() {
        return raw;
    }

    /// {@return its JSON: the client's own bytes as long as nothing was changed}
    public byte[] body() {
        if (body.length == 0) body = Json.bytes(raw);
        return body;
    }

    /// {@return the model asked for}
    public String model() {
        return raw.path("model").asString("");
    }

    /// {@return whether the answer is wanted in events}
    public boolean isStream() {
        return raw.path("stream").asBoolean(false);
    }

    /// {@return the most tokens the answer may have}
    public int tokensMax() {
        return raw.path("max_tokens").asInt(0);
    }

    /// {@return its messages; do not change them}
    public ArrayNode messages() {
        return raw.path("messages") instanceof ArrayNode messages ? messages : Json.array();
    }

    /// {@return whether it holds a message of `role`}
    public boolean hasRole(String role) {
        for (JsonNode message : messages()) {
            if (message.path("role").asString("").equals(role)) return true;
        }
        return false;
    }

    /// {@return the session that `metadata.session_id` names, or `""`}
    public String sessionId() {
        return raw.path("metadata").path("session_id").asString("");
    }

    /// {@return whether the upstream may end a turn of it with `pause_turn`: it has server tools}
    public boolean hasServerTools() {
        if (!raw.path("mcp_servers").isEmpty()) return true;
        for (JsonNode tool : raw.path("tools")) {
            String type = tool.path("type").asString("custom");
            if (!type.equals("custom")) return true;
        }
        return false;
    }

    /// {@return this with `name` set to `value`}
    public MessagesRequest with(String name, JsonNode value) {
        if (value.equals(raw.get(name))) return this;
        ObjectNode changed = raw.objectNode();
        changed.setAll(raw);
        changed.set(name, value);
        return of(changed);
    }

    /// {@return whether it has a field of this name}
    public boolean has(String name) {
        return raw.has(name);
    }

    /// {@return this without the field `name`}
    public MessagesRequest without(String name) {
        ObjectNode changed = raw.objectNode();
        changed.setAll(raw);
        changed.remove(name);
        return of(changed);
    }

    /// {@return this for another model}
    public MessagesRequest withModel(String model) {
        return with("model", raw.stringNode(model));
    }

    /// {@return this without `metadata.session_id`, which is ours and no upstream knows}
    public MessagesRequest withoutSessionId() {
        if (!raw.path("metadata").has("session_id")) return this;
        ObjectNode metadata = (ObjectNode) raw.path("metadata").deepCopy();
        metadata.remove("session_id");
        ObjectNode changed = raw.objectNode();
        changed.setAll(raw);
        if (metadata.isEmpty()) changed.remove("metadata");
        else changed.set("metadata", metadata);
        return of(changed);
    }
}
