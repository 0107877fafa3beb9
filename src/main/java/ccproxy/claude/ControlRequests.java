package ccproxy.claude;

import ccproxy.wire.CliMessage;
import ccproxy.wire.Json;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// What a CLI process and this server ask each other beside the conversation: our requests wait
/// here for their replies, and the CLI's are refused. For any number of threads.
final class ControlRequests {
    private final Consumer<ObjectNode> out;
    private final AtomicLong count = new AtomicLong();
    private final Map<String, CompletableFuture<CliMessage.Reply>> pending =
            new ConcurrentHashMap<>();
    private volatile boolean isEnded;

    /// @param out takes the lines for the CLI's stdin
    ControlRequests(Consumer<ObjectNode> out) {
        this.out = out;
    }

    /// Sends a request.
    ///
    /// @return its reply; fails when the process ends
    CompletableFuture<CliMessage.Reply> send(ObjectNode request) {
        String id = "req_" + count.incrementAndGet();
        var reply = new CompletableFuture<CliMessage.Reply>();
        pending.put(id, reply);
        reply.whenComplete((_, _) -> pending.remove(id));
        if (isEnded) reply.completeExceptionally(ended());
        ObjectNode line = Json.object().put("type", "control_request").put("request_id", id);
        line.set("request", request);
        out.accept(line);
        return reply;
    }

    /// Sends a request, and waits.
    ///
    /// @return the reply's content
    /// @throws IOException when it is refused, or does not come in time
    JsonNode ask(ObjectNode request, Duration wait) throws IOException, InterruptedException {
        CompletableFuture<CliMessage.Reply> asked = send(request);
        try {
            CliMessage.Reply reply = asked.get(wait.toNanos(), TimeUnit.NANOSECONDS);
            if (reply.error().isEmpty()) return reply.response();
            throw new IOException(reply.error());
        } catch (ExecutionException | TimeoutException e) {
            asked.cancel(false);
            throw new IOException("no reply to " + request.path("subtype").asString(""), e);
        }
    }

    /// Takes a reply, whether or not somebody waits for it.
    void replied(CliMessage.Reply reply) {
        CompletableFuture<CliMessage.Reply> waiting = pending.remove(reply.requestId());
        if (waiting != null) waiting.complete(reply);
    }

    /// The CLI asks us something: for a permission, a hook, a tool of ours. It has been told of no
    /// hooks and no tools, and what is not allowed by its settings is denied.
    void refuse(CliMessage.Request request) {
        ObjectNode line = Json.object().put("type", "control_response");
        ObjectNode response = line.putObject("response").put("request_id", request.requestId());
        if (request.subtype().equals("can_use_tool")) {
            response.put("subtype", "success")
                    .putObject("response")
                    .put("behavior", "deny")
                    .put("message", "not allowed by the server's permission mode");
        } else {
            response.put("subtype", "error")
                    .put("error", "Unsupported control request subtype: " + request.subtype());
        }
        out.accept(line);
    }

    /// The process is no more: there will be no other reply.
    void end() {
        isEnded = true;
        pending.values().forEach(reply -> reply.completeExceptionally(ended()));
    }

    private static IOException ended() {
        return new IOException("the process ended");
    }
}
