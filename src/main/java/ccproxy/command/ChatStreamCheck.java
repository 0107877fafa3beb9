package ccproxy.command;

import ccproxy.wire.Field;
import ccproxy.wire.SseEvent;
import java.util.HashMap;
import java.util.Map;

/// The chunks of a chat completion: every field that OpenAI's SDKs and their kind read.
final class ChatStreamCheck implements StreamCheck {
    private final Expectation expectation;

    /// Index → arguments so far.
    private final Map<Integer, StringBuilder> calls = new HashMap<>();

    private String id = "";
    private String tool = "";
    private String finish = "";
    private boolean hasUsage;
    private boolean isDone;
    private int chunks;

    ChatStreamCheck(Expectation expectation) {
        this.expectation = expectation;
    }

    @Override
    public void event(SseEvent event) {
        if (isDone) throw StreamCheck.notAsItsApi("there is an event after [DONE]");
        if (event.toString().strip().endsWith("data: [DONE]")) {
            isDone = true;
            return;
        }
        if (!event.isObject()) {
            throw StreamCheck.notAsItsApi("an event's data is no JSON object: " + event);
        }
        var chunk = new Field("", event.json());
        if (chunk.get("error").isPresent()) {
            throw StreamCheck.broken(chunk.get("error").get("message").text("no message"));
        }
        chunks++;
        chunk(chunk);
    }

    private void chunk(Field chunk) {
        String found = chunk.get("id").nonEmptyText();
        if (id.isEmpty()) id = found;
        if (!id.equals(found)) throw chunk.get("id").invalid("expected the first chunk's id");
        if (!chunk.get("object").text().equals("chat.completion.chunk")) {
            throw chunk.get("object").expectedOneOf("chat.completion.chunk");
        }
        chunk.get("created").number();
        chunk.get("model").nonEmptyText();
        var choices = chunk.get("choices").elements();
        if (choices.isEmpty()) usage(chunk.get("usage"));
        else choice(choices.getFirst());
    }

    private void usage(Field usage) {
        for (String name : new String[] {"prompt_tokens", "completion_tokens", "total_tokens"}) {
            usage.get(name).integer(0, Integer.MAX_VALUE);
        }
        hasUsage = true;
    }

    private void choice(Field choice) {
        choice.get("index").integer(0, 0);
        Field delta = choice.get("delta");
        delta.object();
        if (chunks == 1 && !delta.get("role").text().equals("assistant")) {
            throw delta.get("role").expectedOneOf("assistant");
        }
        delta.get("content").text("");
        if (delta.get("tool_calls").isPresent()) {
            delta.get("tool_calls").elements().forEach(this::call);
        }
        finish = choice.get("finish_reason").text(finish);
    }

    private void call(Field call) {
        int index = call.get("index").integer(0, 1000);
        Field function = call.get("function");
        if (!calls.containsKey(index)) {
            call.get("id").nonEmptyText();
            if (!call.get("type").text().equals("function")) {
                throw call.get("type").expectedOneOf("function");
            }
            tool = function.get("name").nonEmptyText();
            calls.put(index, new StringBuilder());
        }
        calls.get(index).append(function.get("arguments").text(""));
    }

    @Override
    public String end() {
        if (chunks == 0) throw StreamCheck.notAsItsApi("the stream has no chunk");
        if (finish.isEmpty()) throw StreamCheck.notAsItsApi("no chunk has a finish_reason");
        if (!isDone) throw StreamCheck.notAsItsApi("the stream ends without data: [DONE]");
        if (expectation.hasUsage() && !hasUsage) {
            throw StreamCheck.notAsItsApi(
                    "stream_options.include_usage was asked for, and there is no chunk with usage");
        }
        if (!expectation.hasUsage() && hasUsage) {
            throw StreamCheck.notAsItsApi(
                    "there is a chunk without choices, and none was asked for");
        }
        calls.values().forEach(arguments -> WholeCheck.arguments(arguments.toString(), finish));
        WholeCheck.tool(expectation.tool(), tool);
        return chunks + " chunks, finish_reason " + finish;
    }
}
