package ccproxy.claude;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// One turn of a [FakeClaude], step by step: each method says what its step is called and takes.
/// The lines are those that version 2.1.330 was recorded with, cut to what tells them apart.
final class FakeTurn {
    private final FakeClaude fake;
    private final StringBuilder said = new StringBuilder();
    private String error = "";
    private boolean isSilent;
    private boolean hasInit;

    FakeTurn(FakeClaude fake) {
        this.fake = fake;
    }

    /// Begins with `init` unless the first step is `noinit`, ends with a result unless the last one
    /// is `noresult`; an interrupt ends it where it is.
    void play(String steps) throws IOException, InterruptedException {
        hasInit = steps.startsWith("noinit");
        for (String step : steps.split(";", -1)) {
            String name = step.strip();
            String rest = "";
            int space = name.indexOf(' ');
            if (space > 0) {
                rest = name.substring(space + 1);
                name = name.substring(0, space);
            }
            if (!hasInit && !name.equals("hang-before-init")) init();
            step(name, rest);
            if (fake.pause(0)) {
                interrupted();
                return;
            }
        }
        if (!isSilent) result();
    }

    private void init() throws IOException {
        hasInit = true;
        fake.emit("{\"type\":\"system\",\"subtype\":\"init\",\"tools\":[],\"model\":\"m\"}");
        fake.begun();
        fake.emit("{\"type\":\"system\",\"subtype\":\"status\",\"status\":\"requesting\"}");
    }

    private void step(String name, String rest) throws IOException, InterruptedException {
        switch (name) {
            case "say" -> say(rest);
            case "start" -> start();
            case "text" -> text(rest);
            case "texts" -> texts(rest);
            case "stop" -> stop();
            case "whole" -> assistant(rest);
            case "thought" -> thought(rest);
            case "delay" -> fake.pause(Long.parseLong(rest));
            case "hang", "hang-before-init" -> fake.pause(Integer.MAX_VALUE);
            case "stderr" -> System.err.println(rest);
            case "exit" -> exit(rest);
            case "child" -> child();
            case "synthetic" -> synthetic(rest);
            case "noresult" -> isSilent = true;
            case "noinit" -> {}
            default -> odd(name, rest);
        }
    }

    /// What no answer should hold.
    private void odd(String name, String rest) throws IOException {
        switch (name) {
            case "garbage" -> fake.write(new byte[] {(byte) 0xff, 0, '}', '{', '\n', '\n'});
            case "half" -> fake.emit("{\"type\":\"assistant\",\"message\":{");
            case "unknown" -> fake.emit("{\"type\":\"from_next_year\",\"n\":[1,2]}");
            case "huge" -> huge(Integer.parseInt(rest));
            case "endless" -> endless(Integer.parseInt(rest));
            case "abandoned" -> abandoned();
            case "unreasoned" -> delta("null");
            case "unstopped" -> end();
            case "stopped" -> event("{\"type\":\"message_stop\"}");
            case "limit" ->
                    fake.emit(
                            "{\"type\":\"rate_limit_event\",\"rate_limit_info\":{\"status\":\"rejected\",\"resetsAt\":"
                                    + rest
                                    + "}}");
            case "ask" ->
                    fake.emit(
                            "{\"type\":\"control_request\",\"request_id\":\"ask-1\",\"request\":{\"subtype\":\""
                                    + rest
                                    + "\",\"tool_name\":\"Bash\",\"input\":{}}}");
            case "cancel" ->
                    fake.emit("{\"type\":\"control_cancel_request\",\"request_id\":\"ask-1\"}");
            default -> throw new IOException("no such step: " + name);
        }
    }

    private void say(String words) throws IOException {
        start();
        text(words);
        stop();
    }

    private void start() throws IOException {
        event(
                "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":12,\"output_tokens\":1}}}");
        event(
                "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}");
    }

    private void text(String words) throws IOException {
        said.append(words);
        event(
                "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\""
                        + words
                        + "\"}}");
    }

    /// `texts N WORDS`: N deltas.
    private void texts(String rest) throws IOException {
        int space = rest.indexOf(' ');
        for (int i = Integer.parseInt(rest.substring(0, space)); i > 0; i--)
            text(rest.substring(space + 1));
    }

    private void stop() throws IOException {
        end();
        event("{\"type\":\"message_stop\"}");
    }

    /// Without the last event, as version 2.1.197 ends a turn whose budget is spent.
    private void end() throws IOException {
        assistant(said.toString());
        event("{\"type\":\"content_block_stop\",\"index\":0}");
        delta("\"end_turn\"");
    }

    private void delta(String reason) throws IOException {
        event(
                "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"
                        + reason
                        + ",\"stop_sequence\":null},\"usage\":{\"output_tokens\":18}}");
    }

    private void assistant(String words) throws IOException {
        block("{\"type\":\"text\",\"text\":\"" + words + "\"}");
    }

    private void thought(String words) throws IOException {
        block("{\"type\":\"thinking\",\"thinking\":\"" + words + "\",\"signature\":\"sig\"}");
    }

    private void block(String block) throws IOException {
        fake.emit(
                "{\"type\":\"assistant\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":["
                        + block
                        + "],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":12,\"output_tokens\":1}},\"parent_tool_use_id\":null}");
    }

    private void event(String json) throws IOException {
        fake.emit(
                "{\"type\":\"stream_event\",\"event\":"
                        + json
                        + ",\"session_id\":\"s\",\"parent_tool_use_id\":null}");
    }

    /// `synthetic STATUS ERROR TEXT`; status 0 is none.
    private void synthetic(String rest) throws IOException {
        String[] parts = rest.split(" ", 3);
        String status = parts[0].equals("0") ? "null" : parts[0];
        fake.emit(
                "{\"type\":\"assistant\",\"message\":{\"id\":\"x\",\"model\":\"<synthetic>\",\"role\":\"assistant\",\"type\":\"message\",\"content\":[{\"type\":\"text\",\"text\":\""
                        + parts[2]
                        + "\"}]},\"error\":\""
                        + parts[1]
                        + "\",\"is_api_error_message\":true}");
        error = "\"api_error_status\":" + status + ",\"result\":\"" + parts[2] + "\",";
    }

    private void result() throws IOException {
        String end =
                error.isEmpty()
                        ? "\"terminal_reason\":\"budget_exhausted\",\"errors\":[\"Reached maximum budget ($0)\"],\"subtype\":\"error_max_budget_usd\","
                        : "\"terminal_reason\":\"api_error\",\"subtype\":\"success\"," + error;
        fake.emit(
                "{\"stop_reason\":\"end_turn\",\"total_cost_usd\":0.000306,"
                        + end
                        + "\"is_error\":true,\"num_turns\":1,\"type\":\"result\"}");
    }

    private void interrupted() throws IOException {
        fake.emit(
                "{\"type\":\"user\",\"message\":{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"[Request interrupted by user]\"}]}}");
        fake.emit(
                "{\"subtype\":\"error_during_execution\",\"is_error\":true,\"terminal_reason\":\"aborted_streaming\",\"errors\":[\"[ede_diagnostic]\"],\"total_cost_usd\":0,\"type\":\"result\"}");
    }

    private void abandoned() throws IOException {
        event("{\"type\":\"content_block_stop\",\"index\":0}");
        fake.emit(
                "{\"type\":\"stream_event\",\"event\":{\"type\":\"message_stop\"},\"parent_tool_use_id\":null,\"abandoned_blocks\":{\"api_message_id\":\"msg_1\",\"from_block_index\":0}}");
    }

    /// `exit N TEXT`: TEXT on stderr, then the end.
    private void exit(String rest) {
        String[] parts = (rest + " ").split(" ", 2);
        System.err.println(parts[1]);
        System.exit(Integer.parseInt(parts[0]));
    }

    /// A child that holds this process's pipes open, whose pid it notes.
    private void child() throws IOException {
        var builder = new ProcessBuilder("sleep", "300");
        fake.log("child " + builder.inheritIO().start().pid());
    }

    /// `huge MB`: an answer of that size as one line.
    private void huge(int megabytes) throws IOException {
        fake.write(
                "{\"type\":\"assistant\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[{\"type\":\"text\",\"text\":\""
                        .getBytes(StandardCharsets.US_ASCII));
        endless(megabytes);
        fake.emit("\"}],\"stop_reason\":\"end_turn\",\"usage\":{}}}");
    }

    /// `endless MB`: so much without the end of a line.
    private void endless(int megabytes) throws IOException {
        byte[] megabyte = new byte[1 << 20];
        Arrays.fill(megabyte, (byte) 'x');
        for (int i = 0; i < megabytes; i++) fake.write(megabyte);
    }
}
