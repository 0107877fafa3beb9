package ccproxy.convert;

import ccproxy.wire.Field;
import ccproxy.wire.Json;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The messages of a Chat Completions request as `system` and `messages`. Append-only: what earlier
/// messages became never depends on later ones, so the same conversation one turn longer begins
/// with the same bytes (prompt caching and signed thinking need it).
///
/// One user turn collects everything between two assistant messages: results of calls first, then
/// the rest in order.
final class ChatHistory {
    static final String CONTINUE = "Continue exactly from there.";

    private final ChatToMessages.Options options;
    private final Warnings warnings;
    private final ToolNames names;
    private final ChatContent content;

    private final ArrayNode system = Json.array();
    private final ArrayNode messages = Json.array();
    private final ArrayNode rest = Json.array();
    private final Map<String, ObjectNode> results = new LinkedHashMap<>();

    /// Calls of the last assistant turn that still want a result: id → client's tool name.
    private final Map<String, String> open = new LinkedHashMap<>();

    private final Set<String> calledTools = new LinkedHashSet<>();
    private boolean hasTurns;
    private boolean lacksThinking;

    ChatHistory(ChatToMessages.Options options, Warnings warnings, ToolNames names) {
        this.options = options;
        this.warnings = warnings;
        this.names = names;
        this.content = new ChatContent(options.rules());
    }

    /// Reads all messages.
    void read(Field all) {
        if (all.array().isEmpty()) throw all.invalid("expected at least one message");
        List<Field> list = all.elements();
        for (int i = 0; i < list.size(); i++) {
            Field message = list.get(i);
            message.object();
            Field role = message.get("role");
            switch (role.text()) {
                case "system", "developer" -> system(message, isBeforeAssistant(list, i));
                case "user" -> user(message);
                case "assistant" -> assistant(message, i);
                case "tool" -> result(message, message.get("tool_call_id").text());
                case "function" -> functionResult(message);
                default ->
                        throw role.expectedOneOf(
                                "system, developer, user, assistant, tool, function");
            }
        }
        end(all);
    }

    /// Whether what follows the system messages at `i` is an assistant's answer, or nothing.
    private static boolean isBeforeAssistant(List<Field> list, int i) {
        for (Field next : list.subList(i + 1, list.size())) {
            String role = next.value().path("role").asString("");
            if (!role.equals("system") && !role.equals("developer"))
                return role.equals("assistant");
        }
        return true;
    }

    private void system(Field message, boolean isBeforeAssistant) {
        ArrayNode blocks = ChatContent.texts(message.get("content"));
        if (!hasTurns) {
            system.addAll(blocks);
            return;
        }
        if (blocks.isEmpty()) return;
        boolean followsUser = !rest.isEmpty() || !results.isEmpty() || lastRole().equals("system");
        if (options.rules().hasSystemTurns() && followsUser && isBeforeAssistant) {
            endUserTurn();
            if (lastRole().equals("system")) {
                ((ArrayNode) messages.get(messages.size() - 1).path("content")).addAll(blocks);
            } else {
                addMessage("system", blocks);
            }
            return;
        }
        for (JsonNode block : blocks) {
            String text = "<system>" + block.path("text").asString("") + "</system>";
            rest.add(((ObjectNode) block).put("text", text));
        }
    }

    private void user(Field message) {
        hasTurns = true;
        ArrayNode blocks = content.blocks(message.get("content"));
        if (blocks.isEmpty()) throw ChatContent.nothingIn(message.get("content"));
        rest.addAll(blocks);
    }

    private void assistant(Field message, int index) {
        startWithUser();
        endUserTurn();
        hasTurns = true;
        ArrayNode texts = ChatContent.texts(message.get("content"));
        Field refusal = message.get("refusal");
        if (refusal.isPresent() && !refusal.text().isEmpty())
            texts.add(ChatContent.text(refusal.text()));
        if (message.get("audio").isPresent()) warnings.add(message.get("audio").path(), "dropped");

        TreeMap<Integer, ObjectNode> thinking = Reasoning.taken(texts);
        TreeMap<Integer, ObjectNode> replayed = Reasoning.replayed(message.value());
        if (!replayed.isEmpty()) thinking = replayed;
        ArrayNode calls = calls(message, index);
        if (thinking.isEmpty()) thinking = remembered(calls);
        if (thinking.isEmpty()) {
            // Reading it costs the model its place, sending it unsigned is a 400: it is left out.
            Field unsigned = message.get("reasoning_content");
            if (unsigned.isPresent()) warnings.note(unsigned.path(), "dropped(unsigned)");
        }
        lacksThinking |= thinking.isEmpty() && !calls.isEmpty();
        texts.addAll(calls);
        ArrayNode blocks = Reasoning.woven(thinking, texts);
        if (blocks.isEmpty()) return;
        if (lastRole().equals("assistant")) {
            ((ArrayNode) messages.get(messages.size() - 1).path("content")).addAll(blocks);
        } else {
            addMessage("assistant", blocks);
        }
    }

    /// The API wants the user to begin.
    private void startWithUser() {
        if (hasTurns || options.isContinuing()) return;
        rest.add(ChatContent.text("(The conversation begins with the assistant.)"));
        warnings.note("messages", "user_turn_added");
    }

    /// The thinking of an answer whose client did not keep it, by the calls it made.
    private TreeMap<Integer, ObjectNode> remembered(ArrayNode calls) {
        Function<String, List<ObjectNode>> thinkingOf = options.thinkingOf();
        for (JsonNode call : calls) {
            List<ObjectNode> entries = thinkingOf.apply(call.path("id").asString(""));
            if (entries.isEmpty()) continue;
            ObjectNode message = Json.object();
            message.putArray("reasoning_details").addAll(entries);
            return Reasoning.replayed(message);
        }
        return new TreeMap<>();
    }

    private ArrayNode calls(Field message, int index) {
        ArrayNode calls = Json.array();
        Field list = message.get("tool_calls");
        if (list.isPresent()) {
            for (Field call : list.elements()) calls.add(call(call));
        }
        Field function = message.get("function_call");
        if (function.isPresent()) {
            function.object();
            // Legacy calls have no id; the message's place is the same on every later turn.
            calls.add(
                    call(function, "function_call_" + index, arguments(function.get("arguments"))));
        }
        return calls;
    }

    private ObjectNode call(Field call) {
        call.object();
        String id = ToolNames.id(call.get("id").text());
        Field custom = call.get("custom");
        if (custom.isPresent()) {
            custom.object();
            return call(
                    custom,
                    id,
                    Json.object().put(ChatTools.CUSTOM_INPUT, custom.get("input").text()));
        }
        Field function = call.get("function");
        function.object();
        return call(function, id, arguments(function.get("arguments")));
    }

    private ObjectNode call(Field named, String id, ObjectNode input) {
        String name = named.get("name").nonEmptyText();
        open.put(id, name);
        calledTools.add(name);
        ObjectNode block = Json.object().put("type", "tool_use").put("id", id);
        block.put("name", names.toUpstream(name)).set("input", input);
        return block;
    }

    private ObjectNode arguments(Field arguments) {
        if (arguments.value() instanceof ObjectNode object) return object;
        String text = arguments.text("");
        if (text.isBlank()) return Json.object();
        try {
            JsonNode input = Json.tree(text);
            if (input instanceof ObjectNode object) return object;
            warnings.note(arguments.path(), "wrapped");
            ObjectNode wrapped = Json.object();
            wrapped.set("value", input);
            return wrapped;
        } catch (IllegalArgumentException _) {
            warnings.note(arguments.path(), "not_json");
            return Json.object().put("_raw", text);
        }
    }

    private void functionResult(Field message) {
        String name = message.get("name").nonEmptyText();
        String id = "";
        for (var call : open.entrySet()) {
            if (call.getValue().equals(name)) id = call.getKey();
        }
        result(message, id.isEmpty() ? name : id);
    }

    private void result(Field message, String clientId) {
        String id = ToolNames.id(clientId);
        ArrayNode blocks = content.blocks(message.get("content"));
        boolean isKnown = open.containsKey(id) || (options.isContinuing() && messages.isEmpty());
        if (!isKnown) {
            rest.add(ChatContent.text("[tool result for unknown call " + clientId + "]"));
            rest.addAll(blocks);
            warnings.note(message.get("tool_call_id").path(), "sent_as_text");
            hasTurns = true;
            return;
        }
        hasTurns = true;
        ObjectNode result = Json.object().put("type", "tool_result").put("tool_use_id", id);
        if (!blocks.isEmpty()) result.set("content", blocks);
        if (message.get("is_error").flag(false)) result.put("is_error", true);
        Field mark = message.get("cache_control");
        if (mark.isPresent()) result.set("cache_control", mark.object());
        if (results.put(id, result) != null)
            warnings.note(message.get("tool_call_id").path(), "duplicate");
    }

    /// Closes the user turn, if one is open: every call gets a result.
    private void endUserTurn() {
        for (String id : open.keySet()) {
            if (results.containsKey(id)) continue;
            ObjectNode missing = Json.object().put("type", "tool_result").put("tool_use_id", id);
            results.put(id, missing.put("content", "no result was returned").put("is_error", true));
            warnings.note("messages", "tool_result_added(" + id + ")");
        }
        open.clear();
        if (results.isEmpty() && rest.isEmpty()) return;
        ArrayNode blocks = Json.array();
        blocks.addAll(results.values());
        blocks.addAll(rest);
        results.clear();
        rest.removeAll();
        addMessage("user", blocks);
    }

    private void addMessage(String role, ArrayNode blocks) {
        messages.addObject().put("role", role).set("content", blocks);
    }

    private String lastRole() {
        return messages.isEmpty()
                ? ""
                : messages.get(messages.size() - 1).path("role").asString("");
    }

    private void end(Field all) {
        endUserTurn();
        if (messages.isEmpty()) {
            if (system.isEmpty() || options.isContinuing())
                throw all.invalid("expected a user message");
            addMessage("user", system.deepCopy());
            system.removeAll();
            warnings.note("messages", "system_sent_as_user");
        }
        if (!lastRole().equals("assistant")) return;
        if (!options.rules().hasPrefill()) {
            addMessage("user", Json.array().add(ChatContent.text(CONTINUE)));
            warnings.add("messages[" + (all.value().size() - 1) + "]", "user_turn_added");
        } else {
            trimPrefill();
        }
    }

    /// The API refuses a last assistant text that ends in white space.
    private void trimPrefill() {
        JsonNode blocks = messages.get(messages.size() - 1).path("content");
        JsonNode last = blocks.get(blocks.size() - 1);
        if (last.path("type").asString("").equals("text")) {
            ((ObjectNode) last).put("text", last.path("text").asString("").stripTrailing());
        }
    }

    /// {@return the leading system blocks}
    ArrayNode system() {
        return system;
    }

    /// {@return the messages of the request}
    ArrayNode messages() {
        return messages;
    }

    /// {@return the client's names of all tools that were called}
    Set<String> calledTools() {
        return calledTools;
    }

    /// {@return whether an assistant turn with calls came back without its thinking, which models
    /// that think within a budget refuse}
    boolean lacksThinking() {
        return lacksThinking;
    }
}
