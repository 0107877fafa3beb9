package ccproxy.http;

/// The client left before its answer was whole. Nobody reads an error any more.
final class ClientGoneException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ClientGoneException() {
        super("client left", null, false, false);
    }
}
