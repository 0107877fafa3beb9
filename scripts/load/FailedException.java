/// Something that was to be measured does not work; the message says what, in one line.
final class FailedException extends Exception {
    private static final long serialVersionUID = 1;

    FailedException(String message) {
        super(message);
    }
}
