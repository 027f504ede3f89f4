"""The sandbox's booking: profiles, the times they offer, reservations, meetings."""
