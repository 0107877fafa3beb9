package ccproxy.convert;

import ccproxy.wire.Field;
import ccproxy.wire.Json;
import ccproxy.wire.MessagesRequest;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The messages of a Chat Completions request as `system` and `messages`. Append-only: what earlier
/// messages became never depends on later ones, so the same conversation one turn longer begins
/// with the same bytes (prompt caching and signed thinking need it).
final class ChatHistory {
    static final String CONTINUE = "Continue exactly from there.";

    private final ChatToMessages.Options options;
    private final Warnings warnings;
    private final ChatContent content;
    private final ChatCalls calls;
    private final UserTurn turn;
    private final ArrayNode system = Json.array();
    private final MessageList messages = new MessageList();
    private boolean hasTurns;
    private boolean lacksThinking;

    ChatHistory(ChatToMessages.Options options, Warnings warnings, ToolNames names) {
        this.options = options;
        this.warnings = warnings;
        this.content = new ChatContent(options.rules());
        this.calls = new ChatCalls(warnings, names);
        this.turn = new UserTurn(warnings);
    }

    /// Reads all messages.
    void read(Field all) {
        MessagesRequest.checkCount(all);
        List<Field> list = BlockShapes.usual(all.elements());
        if (list.isEmpty()) throw all.invalid("expected at least one message");
        boolean[] answered = answered(list);
        for (int i = 0; i < list.size(); i++) {
            Field message = list.get(i);
            MessageFields.check(message, warnings);
            Field role = message.get("role");
            switch (role.text()) {
                case "system", "developer" -> system(message, answered[i]);
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

    /// For each message whether an answer is the next thing after it and the system messages behind
    /// it: one that is there, or the one asked for.
    private static boolean[] answered(List<Field> list) {
        var answered = new boolean[list.size()];
        boolean isNext = true;
        for (int i = list.size() - 1; i >= 0; i--) {
            answered[i] = isNext;
            String role = list.get(i).value().path("role").asString("");
            if (!role.equals("system") && !role.equals("developer"))
                isNext = role.equals("assistant");
        }
        return answered;
    }

    /// A system message between turns has a place of its own only after a user's turn and before an
    /// answer (`docs/en/build-with-claude/mid-conversation-system-messages`), and only in newer
    /// models. Elsewhere it is a part of the user's turn.
    private void system(Field message, boolean isAnswered) {
        ArrayNode blocks = ChatContent.texts(message.get("content"));
        MessageFields.mark(message, blocks);
        if (!hasTurns) {
            system.addAll(blocks);
            return;
        }
        if (blocks.isEmpty()) return;
        boolean isAfterUser = !turn.isEmpty() || messages.lastRole().equals("system");
        if (options.rules().hasSystemTurns() && isAfterUser && isAnswered) {
            endUserTurn();
            messages.add("system", blocks);
            return;
        }
        for (JsonNode block : blocks) {
            String text = "<system>" + block.path("text").asString("") + "</system>";
            turn.add(((ObjectNode) block).put("text", text));
        }
    }

    private void user(Field message) {
        hasTurns = true;
        ArrayNode blocks = content.blocks(message.get("content"));
        if (blocks.isEmpty()) throw ChatContent.nothingIn(message.get("content"));
        MessageFields.mark(message, blocks);
        // A new question: the calls before it are closed, and with them what led to them.
        if (!turn.hasCalls()) lacksThinking = false;
        blocks.forEach(turn::add);
    }

    private void assistant(Field message, int index) {
        startWithUser();
        // Two answers in a row are one: a client may split one with parallel calls.
        if (!messages.lastRole().equals("assistant") || !turn.isEmpty()) endUserTurn();
        hasTurns = true;
        ArrayNode texts = ChatContent.texts(message.get("content"));
        String refusal = message.get("refusal").text("");
        if (!refusal.isEmpty()) texts.add(ChatContent.text(refusal));
        if (message.get("audio").isPresent()) warnings.add(message.get("audio").path(), "dropped");

        TreeMap<Integer, ObjectNode> thinking = Reasoning.taken(texts);
        TreeMap<Integer, ObjectNode> replayed = Reasoning.replayed(message.value());
        ArrayNode made = calls.read(message, index, turn);
        // What was kept knows each block's place and the redacted ones; tags know neither.
        if (replayed.isEmpty()) replayed = remembered(made);
        if (!replayed.isEmpty()) thinking = replayed;
        if (thinking.isEmpty()) {
            // Reading it costs the model its place, sending it unsigned is a 400: it is left out.
            Field unsigned = message.get("reasoning_content");
            if (unsigned.isPresent()) warnings.note(unsigned.path(), "dropped(unsigned)");
        }
        lacksThinking |= thinking.isEmpty() && !made.isEmpty();
        ArrayNode rest = texts.addAll(made);
        MessageFields.mark(message, rest);
        ArrayNode blocks = Reasoning.woven(thinking, rest);
        // After a system turn the API wants an answer, and an empty one it does not take.
        if (blocks.isEmpty() && messages.lastRole().equals("system"))
            blocks.add(ChatContent.text("(no answer)"));
        if (!blocks.isEmpty()) messages.add("assistant", blocks);
    }

    /// The API wants the user to begin.
    private void startWithUser() {
        if (hasTurns || options.isContinuing()) return;
        turn.add(ChatContent.text("(The conversation begins with the assistant.)"));
        warnings.note("messages", "user_turn_added");
    }

    /// The thinking of an answer whose client did not keep it, by the calls it made.
    private TreeMap<Integer, ObjectNode> remembered(ArrayNode made) {
        for (JsonNode call : made) {
            List<ObjectNode> kept = options.thinkingOf().apply(call.path("id").asString(""));
            if (kept.isEmpty()) continue;
            ObjectNode message = Json.object();
            message.putArray("reasoning_details").addAll(kept);
            return Reasoning.replayed(message);
        }
        return new TreeMap<>();
    }

    private void functionResult(Field message) {
        String name = message.get("name").nonEmptyText();
        String id = turn.lastCall(name);
        result(message, id.isEmpty() ? name : id);
    }

    private void result(Field message, String clientId) {
        String id = ToolNames.id(clientId);
        Field named =
                message.get(message.get("tool_call_id").isPresent() ? "tool_call_id" : "name");
        ArrayNode blocks = content.blocks(message.get("content"));
        hasTurns = true;
        boolean isKnown = turn.expects(id) || (options.isContinuing() && messages.isEmpty());
        if (!isKnown) {
            turn.add(ChatContent.text("[tool result for unknown call " + clientId + "]"));
            blocks.forEach(turn::add);
            warnings.note(named.path(), "sent_as_text");
            return;
        }
        ObjectNode result = Json.object().put("type", "tool_result").put("tool_use_id", id);
        if (!blocks.isEmpty()) result.set("content", blocks);
        if (message.get("is_error").flag(false)) result.put("is_error", true);
        Field mark = message.get("cache_control");
        if (mark.isPresent()) result.set("cache_control", mark.object());
        if (!turn.addResult(id, result)) warnings.note(named.path(), "duplicate");
    }

    private void endUserTurn() {
        ArrayNode blocks = turn.end();
        if (!blocks.isEmpty()) messages.add("user", blocks);
    }

    private void end(Field all) {
        endUserTurn();
        if (messages.isEmpty()) {
            if (system.isEmpty() || options.isContinuing())
                throw all.invalid("expected a user message");
            messages.add("user", system.deepCopy());
            system.removeAll();
            warnings.note("messages", "system_sent_as_user");
        }
        if (!messages.lastRole().equals("assistant")) return;
        if (!options.rules().hasPrefill()) {
            messages.add("user", Json.array().add(ChatContent.text(CONTINUE)));
            warnings.add("messages[" + (all.value().size() - 1) + "]", "user_turn_added");
        } else {
            messages.trimPrefill();
        }
    }

    /// {@return the leading system blocks}
    ArrayNode system() {
        return system;
    }

    /// {@return the messages of the request}
    ArrayNode messages() {
        return messages.all();
    }

    /// {@return the client's names of all tools that were called}
    Set<String> calledTools() {
        return calls.tools();
    }

    /// {@return whether an assistant turn with calls came back without its thinking, which models
    /// that think within a budget refuse}
    boolean lacksThinking() {
        return lacksThinking;
    }
}
