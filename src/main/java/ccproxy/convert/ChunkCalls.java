package ccproxy.convert;

import ccproxy.wire.Json;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// The calls of one streamed answer as deltas. Calls are counted from 0, whatever blocks stand
/// between them; a call of the tool that carries the answer is content.
final class ChunkCalls {
    private final ChatPlan plan;
    private final Consumer<ObjectNode> deltas;
    private final Consumer<String> content;
    private int count;
    private boolean hasAnswer;

    /// @param deltas takes each delta
    /// @param content takes each piece of an answer that comes as a tool's input
    ChunkCalls(ChatPlan plan, Consumer<ObjectNode> deltas, Consumer<String> content) {
        this.plan = plan;
        this.deltas = deltas;
        this.content = content;
    }

    /// A call begins: its id and name are told once.
    void start(OpenBlock block) {
        String upstreamName = block.block.path("name").asString("");
        if (plan.isAnswer(upstreamName)) {
            hasAnswer = true;
            block.isAnswer = true;
            return;
        }
        block.call = count++;
        String name = plan.names().toClient(upstreamName);
        if (plan.isLegacy()) {
            ObjectNode call = Json.object().put("name", name).put("arguments", "");
            if (block.call == 0) delta("function_call", call);
            return;
        }
        ObjectNode call =
                Json.object()
                        .put("index", block.call)
                        .put("id", block.block.path("id").asString(""));
        if (plan.customTools().contains(name)) {
            block.isCustom = true;
            call.put("type", "custom").putObject("custom").put("name", name).put("input", "");
        } else {
            call.put("type", "function")
                    .putObject("function")
                    .put("name", name)
                    .put("arguments", "");
        }
        delta("tool_calls", Json.array().add(call));
    }

    /// The input of any tool grows.
    void input(OpenBlock block, String json) {
        if (json.isEmpty()) return;
        block.hasInput = true;
        if (isWhole(block)) block.text.append(json);
        else if (block.isAnswer) content.accept(json);
        else arguments(block, json);
    }

    /// Whether an input can be shown only when it is whole: it is inside an object, or of a tool of
    /// the server, which is shown at the end.
    private boolean isWhole(OpenBlock block) {
        if (block.isAnswer) return plan.isAnswerWrapped();
        return block.call < 0 || block.isCustom;
    }

    private void arguments(OpenBlock block, String json) {
        if (plan.isLegacy()) {
            if (block.call == 0) delta("function_call", Json.object().put("arguments", json));
            return;
        }
        ObjectNode call = Json.object().put("index", block.call);
        call.putObject("function").put("arguments", json);
        delta("tool_calls", Json.array().add(call));
    }

    /// A call is whole.
    void stop(OpenBlock block) {
        if (!block.hasInput) {
            // Nothing came: the input stood at the start, or there is none.
            input(block, Json.text(Json.objectOrEmpty(block.block.path("input"))));
        }
        if (!isWhole(block)) return;
        // Cut short, it is told as far as it came.
        String text = block.text.toString();
        if (block.isAnswer) {
            JsonNode value = block.input().path("value");
            content.accept(value.isMissingNode() ? text : Json.text(value));
            return;
        }
        ObjectNode call = Json.object().put("index", block.call);
        String input = block.input().path(ChatTools.CUSTOM_INPUT).asString(text);
        call.putObject("custom").put("input", input);
        delta("tool_calls", Json.array().add(call));
    }

    private void delta(String name, JsonNode value) {
        ObjectNode delta = Json.object();
        delta.set(name, value);
        deltas.accept(delta);
    }

    /// {@return whether a tool of the client was called}
    boolean isAny() {
        return count > 0;
    }

    /// {@return whether the tool that carries the answer was called}
    boolean haveAnswer() {
        return hasAnswer;
    }
}
