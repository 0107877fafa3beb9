package ccproxy.command;

import ccproxy.wire.Field;
import ccproxy.wire.Json;

/// Answers that come whole, and what they share with streamed ones.
final class WholeCheck {
    private WholeCheck() {}

    /// {@return what was read}
    ///
    /// @throws Unfit when the client could not use it
    /// @throws ccproxy.wire.ApiException naming a field that is missing or of another type
    static String of(Expectation expectation, Field answer) {
        return switch (expectation.kind()) {
            case MODELS -> models(answer);
            case TOKENS -> answer.get("input_tokens").integer(0, Integer.MAX_VALUE) + " tokens";
            case CHAT -> chat(answer, expectation.tool());
            case MESSAGE -> message(answer, expectation.tool());
            default -> throw new IllegalArgumentException("no whole answer: " + expectation);
        };
    }

    private static String models(Field answer) {
        var models = answer.get("data").elements();
        for (Field model : models) model.get("id").nonEmptyText();
        if (models.isEmpty()) {
            throw new Unfit(
                    "the list of models is empty, so the client has none to choose",
                    "see GET /v1/models of the server's backend");
        }
        return models.size() + " models";
    }

    private static String chat(Field answer, String expectedTool) {
        answer.get("id").nonEmptyText();
        if (!answer.get("object").text().equals("chat.completion")) {
            throw answer.get("object").expectedOneOf("chat.completion");
        }
        var choices = answer.get("choices").elements();
        if (choices.isEmpty()) throw answer.get("choices").invalid("expected a choice, found none");
        Field message = choices.getFirst().get("message");
        message.get("role").nonEmptyText();
        message.get("content").text("");
        String finish = choices.getFirst().get("finish_reason").nonEmptyText();
        String called = "";
        if (message.get("tool_calls").isPresent()) {
            for (Field call : message.get("tool_calls").elements()) {
                call.get("id").nonEmptyText();
                called = call.get("function").get("name").nonEmptyText();
                arguments(call.get("function").get("arguments").text(), finish);
            }
        }
        tool(expectedTool, called);
        answer.get("usage").get("total_tokens").integer(0, Integer.MAX_VALUE);
        return "finish_reason " + finish;
    }

    private static String message(Field answer, String expectedTool) {
        messageHead(answer);
        String called = "";
        for (Field block : answer.get("content").elements()) {
            if (!block.get("type").text().equals("tool_use")) continue;
            called = block.get("name").nonEmptyText();
            block.get("input").object();
        }
        tool(expectedTool, called);
        answer.get("usage").get("output_tokens").integer(0, Integer.MAX_VALUE);
        return "stop_reason " + answer.get("stop_reason").nonEmptyText();
    }

    /// Checks what every message has, whole or about to come.
    static void messageHead(Field message) {
        message.get("id").nonEmptyText();
        if (!message.get("type").text().equals("message")) {
            throw message.get("type").expectedOneOf("message");
        }
        if (!message.get("role").text().equals("assistant")) {
            throw message.get("role").expectedOneOf("assistant");
        }
        message.get("model").nonEmptyText();
        message.get("content").array();
    }

    /// Checks that the tool was called, where one must be.
    static void tool(String expected, String called) {
        if (expected.isEmpty() || expected.equals(called)) return;
        String found = called.isEmpty() ? "no call" : "a call of " + called;
        throw new Unfit(
                "the tool " + expected + " had to be called, and there is " + found,
                "choose a model that can call tools");
    }

    /// Checks that a call's arguments are JSON, unless the tokens were used up.
    static void arguments(String text, String end) {
        if (text.isEmpty() || end.equals("length") || end.equals("max_tokens")) return;
        try {
            Json.tree(text);
        } catch (IllegalArgumentException _) {
            throw StreamCheck.notAsItsApi("a tool call's arguments are no JSON");
        }
    }
}
