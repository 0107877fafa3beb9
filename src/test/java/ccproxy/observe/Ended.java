package ccproxy.observe;

import ccproxy.wire.Usage;
import java.time.Instant;

/// Exchanges that have ended, made up.
final class Ended {
    private Instant at = Instant.parse("2026-11-25T12:00:00Z");
    private String key = "";
    private String route = "/v1/messages";
    private String model = "claude-sonnet-5";
    private String session = "";
    private boolean isListed = true;
    private int status = 200;
    private Gaps gaps = Gaps.NONE;
    private Usage usage = new Usage(10, 5, 30, 60, 0);
    private Finished.Cost cost = new Finished.Cost(true, 2_000_000);

    Ended at(String instant) {
        this.at = Instant.parse(instant);
        return this;
    }

    Ended key(String key) {
        this.key = key;
        return this;
    }

    Ended route(String route, int status) {
        this.route = route;
        this.status = status;
        return this;
    }

    Ended model(String model, boolean isListed) {
        this.model = model;
        this.isListed = isListed;
        return this;
    }

    Ended session(String session) {
        this.session = session;
        return this;
    }

    Ended gaps(Gaps gaps) {
        this.gaps = gaps;
        return this;
    }

    Ended usage(Usage usage) {
        this.usage = usage;
        return this;
    }

    Ended cost(long nanos) {
        this.cost = new Finished.Cost(true, nanos);
        return this;
    }

    Ended unpriced() {
        this.cost = Finished.Cost.UNKNOWN;
        return this;
    }

    Finished done() {
        return new Finished(
                at,
                new RequestContext("req_1", "127.0.0.1", key),
                new Finished.Request("POST", route),
                status,
                new Finished.Time(3_000_000, 1_000_000, gaps),
                new Finished.Asked("api", model, session, true, true, isListed),
                usage,
                cost,
                new Finished.End("end_turn", ""));
    }

    LedgerEntry entry() {
        byte[] line = LedgerEntry.line(done());
        return LedgerEntry.of(line, line.length - 1);
    }
}
