package ccproxy.claude;

import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import ccproxy.wire.Json;
import ccproxy.wire.SseEvent;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The user's own Claude Code CLI, under the user's own login, as a model: a process answers one
/// request at a time and then forgets it.
final class CliClaude implements Claude {
    /// A first start on a cold disk takes ten seconds.
    static final Duration START_WAIT = Duration.ofSeconds(60);

    private final ClaudeSettings settings;
    private final ModelCatalog catalog;
    private final CliPool pool;
    private final CliStatus status;
    private final AgentConversations conversations;

    /// The CLI's own list of models, once somebody asked.
    private volatile ArrayNode models = Json.array();

    CliClaude(ClaudeSettings settings, ModelCatalog catalog, AgentConversations conversations) {
        this.settings = settings;
        this.catalog = catalog;
        var program = new CliProgram(settings.cli());
        pool = new CliPool(settings, program, Clock.systemUTC());
        status = new CliStatus(program);
        this.conversations = conversations;
    }

    /// Says that requests are to come: looks at the program and keeps processes ready.
    void warmUp() {
        status.refresh();
        pool.warmUp();
    }

    /// Begins nothing new: ends the processes that have nothing to do, and the others once they
    /// have answered.
    void retire() {
        pool.retire();
    }

    /// {@return why no answer can be had, `""` when one can}
    String problem() {
        return status.problem();
    }

    /// {@return version, login, and what its processes did so far}
    Map<String, Object> shown() {
        Map<String, Object> shown = status.shown();
        shown.put("processes", pool.pids().size());
        shown.putAll(pool.counters().all());
        return shown;
    }

    /// {@return what its processes did so far}
    BackendCounts.Cli counts() {
        CliCounters counters = pool.counters();
        return new BackendCounts.Cli(pool.pids().size(), counters.all(), counters.waits.snapshot());
    }

    /// {@return what the model answered so far}
    StatusCounts responses() {
        return pool.counters().responses;
    }

    @Override
    public EventStream ask(Turn turn) {
        StrictVersion.check(turn);
        // What the upstream's own tools pause is ours to continue, as with the API.
        if (turn.isConverted() && turn.request().hasServerTools())
            return new ContinuedStream(turn, this::askOnce);
        return askOnce(turn);
    }

    private EventStream askOnce(Turn turn) {
        CliRequest request = request(turn);
        CliQuestion question =
                isAgent(turn)
                        ? new AgentQuestion(pool, settings.cli(), conversations, request)
                        : new PlainQuestion(pool, request);
        return new CliStream(pool, settings, question);
    }

    /// The CLI's own tools take part when the server opens them; a request that brings tools of its
    /// own is for the model alone.
    private boolean isAgent(Turn turn) {
        return !settings.cli().tools().isEmpty() && turn.request().raw().path("tools").isEmpty();
    }

    private CliRequest request(Turn turn) {
        return new CliRequest(turn, catalog.rules(turn.request().model()), isAgent(turn));
    }

    @Override
    public Map<String, String> notes(Turn turn) {
        return request(turn).notes();
    }

    @Override
    public EventStream countTokens(Turn turn) {
        StrictVersion.check(turn);
        ObjectNode count =
                Json.object().put("input_tokens", TokenEstimate.of(turn.request().raw()));
        return new WholeStream(
                SseEvent.whole(Json.bytes(count)), Map.of("x-ccproxy-estimate", List.of("true")));
    }

    @Override
    public EventStream models(String id, ClientHeaders headers) {
        ArrayNode known = models();
        if (id.isEmpty()) return new WholeStream(SseEvent.whole(ModelCatalog.list(known)));
        for (JsonNode model : known) {
            if (model.path("id").asString("").equals(id))
                return new WholeStream(SseEvent.whole(Json.bytes(model)));
        }
        byte[] other = catalog.one(id);
        if (other.length > 0) return new WholeStream(SseEvent.whole(other));
        throw new ApiException(ErrorKind.NOT_FOUND, "model: " + id + " is not known");
    }

    private ArrayNode models() {
        if (!models.isEmpty()) return models;
        try {
            ArrayNode told = Json.array();
            for (JsonNode model : askModels()) {
                // `claude-sonnet-5[1m]` is a setting of the CLI's for the model before the bracket.
                String id = model.path("resolvedModel").asString("").replaceFirst("\\[.*", "");
                boolean isNew =
                        told.valueStream().noneMatch(m -> m.path("id").asString().equals(id));
                if (!id.isEmpty() && isNew) told.add(model(id, model));
            }
            if (told.isEmpty())
                throw new ApiException(
                        ErrorKind.UNREACHABLE, "the Claude Code CLI names no models");
            models = told;
            return told;
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw new ApiException(ErrorKind.UNAVAILABLE, "the server is stopping");
        }
    }

    private ObjectNode model(String id, JsonNode told) {
        byte[] known = catalog.one(id);
        if (known.length > 0) return Json.object("model", known).put("id", id);
        return Json.object()
                .put("type", "model")
                .put("id", id)
                .put("display_name", told.path("displayName").asString(id))
                .put("created_at", "1970-01-01T00:00:00Z");
    }

    private JsonNode askModels() throws InterruptedException {
        CompletableFuture<Void> place = pool.queue();
        try {
            place.get(settings.sessionBusyWait().toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException _) {
            pool.leave(place);
            throw CliPlaces.full();
        } catch (InterruptedException e) {
            pool.leave(place);
            throw e;
        }
        CliPool.Lease lease = pool.acquire(new CliRequest.Kind("", "", "", ""));
        boolean hasAnswered = false;
        try {
            ObjectNode initialize = CliRequest.initialize(lease.kind());
            JsonNode told = lease.process().control().ask(initialize, START_WAIT).path("models");
            hasAnswered = true;
            return told;
        } catch (IOException _) {
            throw new ApiException(ErrorKind.UNREACHABLE, lease.process().failure())
                    .code("cli_crashed");
        } finally {
            pool.giveBack(lease, hasAnswered);
        }
    }

    /// The process that holds the session's conversation has nothing left to do.
    @Override
    public boolean closeSession(String id, ClientHeaders headers) {
        AgentConversations.Held held = conversations.remove(Turn.conversation(id, headers));
        if (held != null) pool.endConversation(held.id());
        return held != null;
    }

    @Override
    public void close() {
        pool.close();
    }
}
