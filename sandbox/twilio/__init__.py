"""A stand-in for Twilio's Messages API: takes SMS, tells what became of them, and carries what people write back."""
