package ccproxy.convert;

import ccproxy.wire.Json;
import ccproxy.wire.MessageFold;
import ccproxy.wire.Usage;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// A message as a chat completion, whole or in chunks. For one answer.
public final class MessagesToChat {
    private final ChatPlan plan;
    private final Warnings warnings;

    MessagesToChat(ChatPlan plan, Warnings warnings) {
        this.plan = plan;
        this.warnings = warnings;
    }

    /// {@return the encoder of a stream's chunks}
    public ChunkEncoder chunks() {
        return new ChunkEncoder(plan);
    }

    /// {@return `{"object":"chat.completion",…}` for a whole message}
    public byte[] completion(ObjectNode message) {
        var answer = new Answer();
        int index = 0;
        for (JsonNode block : message.path("content")) answer.add(index++, block);

        JsonNode usage = message.path("usage");
        ObjectNode root = Json.object().put("id", plan.chatId(message.path("id").asString("")));
        root.put("object", "chat.completion")
                .put("created", plan.created())
                .put("model", plan.model());
        root.put("system_fingerprint", plan.fingerprint());
        String tier = Finish.serviceTier(usage);
        if (!tier.isEmpty()) root.put("service_tier", tier);
        String finish =
                Finish.reason(
                        message.path("stop_reason").asString(""),
                        !answer.calls.isEmpty(),
                        plan,
                        warnings);
        ObjectNode choice = root.putArray("choices").addObject().put("index", 0);
        choice.set("message", answer.message(message, finish));
        choice.putNull("logprobs");
        choice.put("finish_reason", finish);
        root.set("usage", Usage.of(usage).chat());
        ObjectNode extras = Finish.extras(message, usage, answer.blocks, "");
        if (!extras.isEmpty()) root.set("x_claude", extras);
        return Json.bytes(root);
    }

    /// The parts of the answer as its blocks are read.
    private final class Answer {
        final StringBuilder text = new StringBuilder();
        final StringBuilder reasoning = new StringBuilder();
        final ArrayNode details = Json.array();
        final ArrayNode calls = Json.array();
        final ArrayNode annotations = Json.array();
        final Blocks blocks = new Blocks(warnings);
        String structured = "";

        void add(int index, JsonNode block) {
            switch (block.path("type").asString("")) {
                case "text" -> text(block);
                case "thinking", "redacted_thinking" -> thinking(index, block);
                case "tool_use" -> call(block);
                default -> blocks.add(index, block);
            }
        }

        private void text(JsonNode block) {
            int start = text.codePointCount(0, text.length());
            text.append(block.path("text").asString(""));
            int end = text.codePointCount(0, text.length());
            annotations.addAll(blocks.annotations(block.path("citations"), start, end));
        }

        private void thinking(int index, JsonNode block) {
            switch (plan.reasoning()) {
                case "hide" -> {}
                case "tags" -> {
                    if (block.has("thinking")) text.append(Reasoning.tagged(block));
                }
                default -> {
                    reasoning.append(block.path("thinking").asString(""));
                    details.addAll(Reasoning.entry(index, block));
                }
            }
        }

        private void call(JsonNode block) {
            String partial = block.path(MessageFold.PARTIAL_JSON).asString("");
            JsonNode input = block.path("input");
            String upstreamName = block.path("name").asString("");
            if (plan.isAnswer(upstreamName)) {
                structured = partial.isEmpty() ? answerOf(input) : partial;
                return;
            }
            String arguments = partial.isEmpty() ? Json.text(Json.objectOrEmpty(input)) : partial;
            String name = plan.names().toClient(upstreamName);
            ObjectNode call = calls.addObject().put("id", block.path("id").asString(""));
            if (plan.customTools().contains(name)) {
                String free =
                        partial.isEmpty()
                                ? input.path(ChatTools.CUSTOM_INPUT).asString("")
                                : partial;
                call.put("type", "custom").putObject("custom").put("name", name).put("input", free);
            } else {
                call.put("type", "function")
                        .putObject("function")
                        .put("name", name)
                        .put("arguments", arguments);
            }
        }

        private String answerOf(JsonNode input) {
            boolean isWrapped = plan.isAnswerWrapped() && input.has("value");
            return Json.text(isWrapped ? input.path("value") : input);
        }

        ObjectNode message(JsonNode source, String finish) {
            ObjectNode message = Json.object().put("role", "assistant");
            String shown = content();
            boolean isRefusal = finish.equals("content_filter");
            if (isRefusal || shown.isEmpty() && !calls.isEmpty()) message.putNull("content");
            else message.put("content", shown);
            if (isRefusal) message.put("refusal", Finish.refusal(source, shown));
            else message.putNull("refusal");
            message.set("annotations", annotations);
            if (!reasoning.isEmpty()) message.put("reasoning_content", reasoning.toString());
            if (!details.isEmpty()) message.set("reasoning_details", details);
            if (plan.isLegacy() && !calls.isEmpty())
                message.set("function_call", calls.get(0).path("function"));
            else if (!calls.isEmpty()) message.set("tool_calls", calls);
            return message;
        }

        private String content() {
            if (!structured.isEmpty()) return structured;
            if (!plan.isJson()) return text.toString();
            var fence = new FenceStripper();
            String bare = fence.add(text.toString()) + fence.end();
            try {
                Json.tree(bare);
            } catch (IllegalArgumentException _) {
                warnings.note("response_format", "not_json");
            }
            return bare;
        }
    }
}
